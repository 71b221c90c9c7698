"""The operators' settings: typed, with every default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from qwen_router.amount import Budget
from qwen_router.config_backends import BackendsSection
from qwen_router.config_monitoring import HealthSection, LogSection, MetricsSection, TelemetrySection, TracesSection
from qwen_router.config_section import Section

Licence = Literal["any", "commercial", "open"]
Attacked = Literal["deny", "flag", "off"]
LICENCES: tuple[Licence, ...] = get_args(Licence)


_PORT = r"(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])"
_HOST = rf"^(https?://)?(\*\.)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:{_PORT})?$"


class RouterSection(Section):
    """How requests are taken and routed."""

    min_confidence: float = Field(0.4, ge=0, le=1)
    """Below this probability the task is `general`."""
    tie_breaker: Literal["off", "model"] = "off"
    """Who decides below that: nobody, or the smallest loaded model with one word."""
    max_concurrency: int = Field(32, ge=1)
    """Requests answered at the same time; more wait."""
    max_steps: int = Field(6, ge=1)
    """Most steps a compound request is split into; 1 never splits."""
    planner: Literal["rules", "model"] = "rules"
    """Who splits it: rules, or a general model, with the rules where its plan can't be used."""
    compose: Literal["headings", "merge"] = "headings"
    """How the answers of its steps become one: under a heading each, or a general model makes one text of them."""


class SizingSection(Section):
    """Which model, precision and backend."""

    prefer: Literal["quality", "speed", "memory"] = "quality"
    target_quality: float = Field(1.0, ge=0, le=1)
    """Chance of a right answer that is good enough: nothing better is looked for; 1 always takes the best."""
    memory_fraction: float = Field(0.8, gt=0, le=1)
    """Share of the free RAM or VRAM that models may take, where no budget is set."""
    ram_budget: Budget = "auto"
    """RAM that all models together may take, such as `12GiB`."""
    vram_budget: Budget = "auto"
    """The same for each accelerator."""
    min_tokens_per_second: float = Field(5.0, ge=0)
    """Slower candidates are chosen only when there is no faster one."""
    context: int = Field(8192, ge=512)
    """Tokens of context a local model is loaded with, at most its native length."""
    warm_slack: float = Field(0.01, ge=0, le=1)
    """Chance of a right answer given up to use a smaller, a faster or an already loaded model."""
    licence: Licence = "any"
    """Which models may be chosen: any, those that may be used commercially, or those under an open licence."""
    learn: bool = True
    """Whether speed, loading times and the outcome of checks are recorded on this machine and used."""


class PoolSection(Section):
    """How loaded models are kept and shared."""

    keep_alive: float = Field(0.0, ge=0)
    """Seconds that an idle model stays loaded; 0 keeps it until its room is needed."""
    pin: tuple[str, ...] = ()
    """Models that are never unloaded once they are loaded."""
    preload: tuple[str, ...] = ()
    """Models that are loaded when the router starts, at the precision that a request would take."""
    max_waiting: int = Field(256, ge=1)
    """Requests that may wait for a model at the same time; more are refused with the time to try again."""
    fairness_seconds: float = Field(30.0, gt=0)
    """Longest that a waiting request is passed over for others whose model is already loaded."""
    cool_down_seconds: float = Field(60.0, ge=0)
    """How long a model that failed to load isn't tried again."""


class ThinkingSection(Section):
    """When hybrid models think."""

    mode: Literal["auto", "on", "off"] = "auto"
    min_difficulty: float = Field(0.2, ge=0, le=1)
    """With `auto`, think from this difficulty up: about the hardest tenth of general requests."""
    min_tokens: int = Field(1024, ge=1)
    """Most tokens of a thought at that difficulty; Qwen's documentation sees a real gain only from here up."""
    max_tokens: int = Field(4096, ge=1)
    """Most tokens of a thought at difficulty 1; linear in between."""

    @field_validator("max_tokens")
    @classmethod
    def _not_below_the_least(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("min_tokens", 1):
            raise PydanticCustomError("below_min_tokens", "It should be at least min_tokens")
        return value


class EscalationSection(Section):
    """What follows a rejected answer."""

    max_attempts: int = Field(4, ge=1)
    """Answers tried for one step; 1 never escalates."""
    agree: int = Field(1, ge=1)
    """Answers that must come to the same result where no test tells whether it is right; 1 takes the first."""
    max_tokens: int = Field(16_384, ge=1)
    """Tokens that all answers of a step may take together; none is begun beyond them."""
    max_seconds: float = Field(300.0, gt=0)
    """Seconds that all answers of a step may take together; none is begun beyond them."""


class GenerationSection(Section):
    """Defaults for every answer."""

    max_new_tokens: int = Field(2048, ge=1)
    """Tokens an answer may have; a thought comes on top."""
    max_rounds: int = Field(2, ge=0)
    """Times a model may go on with what came of its turn, such as the output of a program it wrote."""


class LimitsSection(Section):
    """What a request may hold, its kept conversation included."""

    max_characters: int = Field(65_536, ge=1)
    max_message_characters: int = Field(65_536, ge=1)
    max_tokens: int = Field(65_536, ge=1)
    """Tokens as they are estimated before a model is chosen: rather too many."""
    max_turns: int = Field(256, ge=1)
    """Messages of all roles."""
    max_json_depth: int = Field(32, ge=1)
    """Objects and lists inside each other, in a schema, a tool call or a content block."""
    max_attachments: int = Field(8, ge=0)
    max_image_pixels: int = Field(100_000_000, ge=1)
    max_audio_seconds: float = Field(600.0, gt=0)
    max_attachment_bytes: int = Field(52_428_800, ge=1)
    folders: tuple[str, ...] = ("/",)
    """Where images and sounds that are named by a path may lie; a router that serves others should name none."""
    allowed_hosts: tuple[Annotated[str, Field(pattern=_HOST)], ...] = ()
    """Whose images and sounds may be fetched: `example.org` and `*.example.org` over https, `http://localhost:8080`."""


class SecuritySection(Section):
    """What a model may be told, and what may be done with what it wrote."""

    code_execution: Literal["off", "sandbox"] = "off"
    """Whether checks may run the Python of an answer, in a sandbox without network and files."""
    prompt_injection: Attacked = "deny"
    """What becomes of a text that gives orders it has no right to: overriding instructions, asking for hidden ones."""
    jailbreak: Attacked = "deny"
    """The same for one that talks a model out of its rules."""
    harmful_request: Attacked = "deny"
    """The same for one that wants help with harm."""
    attack_threshold: float = Field(0.4, gt=0, le=1)
    """The probability from which a text counts as an attack."""
    moderator: str = ""
    """The Qwen3Guard-Gen model that is asked about jailbreaks and harmful requests; empty leaves both to the score."""
    pii: Literal["off", "mask", "hash"] = "off"
    """Whether the model is told personal data and secrets: as they are, only of which kind, or as pseudonyms."""
    pii_key_env: str = "QWEN_ROUTER_PII_KEY"
    """Name of the environment variable that holds the key of the pseudonyms."""
    required_guards: tuple[str, ...] = ()
    """Plugins that must say `allow` or `rewrite`: without their word a call is denied."""


class QuotaLimits(Section):
    """What may be taken; 0 is no limit."""

    requests_per_minute: int = Field(0, ge=0)
    input_tokens_per_minute: int = Field(0, ge=0)
    output_tokens_per_minute: int = Field(0, ge=0)
    """Thoughts included."""
    concurrent: int = Field(0, ge=0)
    """Calls at the same time."""


class QuotaSection(Section):
    """How much may be taken in a minute, any minute."""

    storage: str = "memory://"
    """Where it is counted: in this process, or in `redis://HOST:PORT/DB` for all that share it."""
    user: QuotaLimits = QuotaLimits()
    """For each user."""
    total: QuotaLimits = QuotaLimits()
    """For all users together."""


class WeightsSection(Section):
    """Where model files come from."""

    sources: tuple[str, ...] = ("local", "hub", "embedded")
    """Asked in this order."""
    directories: tuple[str, ...] = ()
    """Where `local` looks: `DIR/NAME/` with safetensors, or GGUF files."""
    cache: str = ""
    """Where joined and fetched files are kept; empty takes the user's cache."""
    offline: bool = False
    """Ask nobody; use what is here."""
    auto_pull: bool = False
    """Fetch a chosen model during a request; otherwise only `pull` fetches."""
    revisions: dict[str, Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]] = {}
    """Catalogue id to the commit, tag or branch that its safetensors are fetched at; others at the newest."""


class SpecialistSection(Section):
    """How one task is answered."""

    adapter: str = ""
    """Directory of a LoRA adapter; its base model then answers with it."""


class ThreadsSection(Section):
    """Where conversations are kept."""

    path: str = ""
    """An SQLite file, or `postgresql://...`; empty keeps them in memory."""


class PluginsSection(Section):
    """Which plugins may load."""

    allow: tuple[str, ...] = ()
    """Distributions or entry points beside the built-in ones; `*` allows every installed one."""


class Settings(Section):
    """All settings."""

    router: RouterSection = RouterSection()
    sizing: SizingSection = SizingSection()
    pool: PoolSection = PoolSection()
    thinking: ThinkingSection = ThinkingSection()
    escalation: EscalationSection = EscalationSection()
    generation: GenerationSection = GenerationSection()
    limits: LimitsSection = LimitsSection()
    security: SecuritySection = SecuritySection()
    quota: QuotaSection = QuotaSection()
    threads: ThreadsSection = ThreadsSection()
    weights: WeightsSection = WeightsSection()
    backends: BackendsSection = BackendsSection()
    specialists: dict[str, SpecialistSection] = {}
    """By task."""
    plugins: PluginsSection = PluginsSection()
    log: LogSection = LogSection()
    traces: TracesSection = TracesSection()
    metrics: MetricsSection = MetricsSection()
    telemetry: TelemetrySection = TelemetrySection()
    health: HealthSection = HealthSection()
    catalogue: dict[str, dict[str, Any]] = {}
    """Models to add or to change, by id: the fields of a catalogue row; `like` takes the rest from another row."""

    @property
    def cache_dir(self) -> Path:
        """Where model files are kept."""
        if self.weights.cache:
            return Path(self.weights.cache).expanduser()
        import platformdirs

        return Path(platformdirs.user_cache_dir("qwen-router", appauthor=False))

    @property
    def state_dir(self) -> Path:
        """Where what was learned on this machine is kept."""
        import platformdirs

        return Path(platformdirs.user_state_dir("qwen-router", appauthor=False))
