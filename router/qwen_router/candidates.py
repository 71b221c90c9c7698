"""Lists every way to run a step on this machine, with the facts a sizing policy needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qwen_router import tool_calling
from qwen_router.adapters import Adapter
from qwen_router.backend import Backend
from qwen_router.catalog import Model, expected_load_seconds, expected_quality, expected_tokens_per_second
from qwen_router.choice import Candidate, ModelKey, Offer
from qwen_router.errors import InputError, MediaError
from qwen_router.hooks import tokens_to_think
from qwen_router.pool import Pool
from qwen_router.request import Request, estimated_tokens
from qwen_router.resources import Resources
from qwen_router.senses import media_cost, too_much
from qwen_router.services import Machine, Services
from qwen_router.serving import serving
from qwen_router.specialist import Specialist
from qwen_router.types import Classification, Task

_Loaded = tuple[str, str, str, str, str]
"""A `ModelKey` without its context."""


@dataclass(frozen=True)
class _Step:
    """What the candidates of one step have in common."""

    services: Services
    task: Task
    request: Request
    classification: Classification
    resources: Resources
    machine: Machine
    text_tokens: int
    """Those of the prompt's words."""
    room: int
    """Those of the answer."""
    tested: bool
    """Whether a decisive check will judge the answer."""
    asked: bool | None
    """Whether the user asks for a thought, in so many words."""
    loaded: dict[_Loaded, int]
    """Context of each loaded model, by the rest of its key."""


_GIB = 2**30


def list_candidates(
    services: Services,
    specialist: Specialist,
    request: Request,
    classification: Classification,
    *,
    resources: Resources | None = None,
) -> list[Candidate]:
    """Return the candidates of a step: the specialist's own models, then its stand-ins.

    Args:
        resources: The machine to list them for; `None` for this one.

    Raises:
        UnknownModel: The caller asked for a model that the catalogue doesn't hold.
        MediaError: No model takes as many images, or as long sounds.
        NoModelFits: There are tools, and no model can call any.
    """
    room = request.sampling.max_new_tokens or services.settings.generation.max_new_tokens
    machine = resources or services.resources()
    step = _Step(
        services,
        specialist.task,
        request,
        classification,
        machine,
        (machine.cores, machine.ram_bandwidth, tuple((d.kind, d.name, d.bandwidth) for d in machine.devices)),
        estimated_tokens(request, 0),
        room,
        services.settings.escalation.max_attempts > 1 and specialist.can_test(request),
        request.thinking_switch if request.hints.thinking is None else request.hints.thinking,
        _contexts(services.pool.warm()),
    )
    backends = [b for b in services.registry.backends.values() if b.missing(services.settings) is None]
    found: list[Candidate] = []
    models = list(_models(services, specialist, request))
    _refuse_too_much([model for model, _ in models], classification)
    if request.tools:
        tool_calling.check_models([model for model, _ in models], backends)
    for model, own in models:
        thought = _thought(step, model)
        found.extend(
            _candidate(step, model, backend, offer, thought, own)
            for backend in backends
            for offer in backend.offers(model, services.settings, step.resources)
        )
    return found if resources else _as_the_pool_stands(services.pool, found)


def missing_backends(services: Services) -> str:
    """Say in one line which backends can't be used here, and why."""
    reasons = (backend.missing(services.settings) for backend in services.registry.backends.values())
    return " ".join(reason for reason in reasons if reason)


def _contexts(warm: frozenset[ModelKey]) -> dict[_Loaded, int]:
    """Return the largest loaded context of each model, precision, backend and adapter."""
    return {key[:5]: key[5] for key in sorted(warm, key=lambda key: key[5])}


def _as_the_pool_stands(pool: Pool, candidates: list[Candidate]) -> list[Candidate]:
    """Reject what failed to load just now or can't be had beside the pinned models."""
    cooling = pool.cooling()
    marked = []
    for candidate in candidates:
        why = cooling.get(candidate.key)
        # What is not here has a better reason not to be chosen.
        room = pool.room(candidate) if candidate.on_disk and not candidate.warm else None
        if why is None and room is not None and candidate.memory_bytes > room:
            why = f"Needs {candidate.memory_bytes / _GIB:.1f} GiB; models may take {max(0, room) / _GIB:.1f} GiB here."
        marked.append(candidate if why is None else candidate.model_copy(update={"rejected": why}))
    return marked


def _models(services: Services, specialist: Specialist, request: Request) -> Iterator[tuple[Model, bool]]:
    """Yield (model, whether it is the specialist's own)."""
    needed = set(request.modalities)
    if name := request.hints.model:
        model = services.catalogue.find(name)
        lacking = sorted(needed - set(model.modalities))
        if lacking:
            raise InputError(f"{model.id} reads no {lacking[0]}.", "Choose another model, or leave the choice to us.")
        yield model, True
        return
    for model, own in serving(services.catalogue, specialist):
        if needed <= set(model.modalities):
            yield model, own


def _refuse_too_much(models: list[Model], classification: Classification) -> None:
    reasons = [too_much(m.model_type, m.max_images, classification.media) for m in models]
    if models and all(reasons):
        fix = "Send fewer or shorter ones, or choose another model."
        raise MediaError(f"{models[0].name} {reasons[0]}", fix)


@dataclass(frozen=True)
class _Thought:
    """Whether the request calls for one, and the most tokens it may have if there is one."""

    wanted: bool
    tokens: int


def _thought(step: _Step, model: Model) -> _Thought:
    settings = step.services.settings
    wanted = 0
    if model.thinking != "none":
        wanted = tokens_to_think(step.services.manager, step.request, step.classification, model, settings)
    if not wanted and model.thinking != "only":
        return _Thought(False, 0)
    return _Thought(wanted > 0, step.request.hints.thinking_budget or wanted or settings.thinking.min_tokens)


def _candidate(step: _Step, model: Model, backend: Backend, offer: Offer, thought: _Thought, own: bool) -> Candidate:
    services = step.services
    thinking = thought.tokens > 0
    media_tokens = _media_tokens(step, model)
    tokens = step.text_tokens + media_tokens + step.room
    adapter = _adapter(step, model)
    loaded = (model.id, offer.precision, offer.quant, backend.name, "" if adapter is None else str(adapter.path))
    context, warm = _context(step, model, loaded, offer, tokens + thought.tokens)
    key = (model.id, backend.name, offer, context, thinking, step.task, step.machine)
    expected = services.expectations.get(key)
    if expected is None:
        expected = services.expectations[key] = _expected(step, model, backend, offer, context, thinking)
    source, on_disk, download = _whereabouts(services, model, backend, offer)
    if warm:
        # It answers from memory, even when its files have been removed meanwhile.
        source, on_disk, download = source or backend.name, True, 0
    found: dict[str, object] = {
        "speaks": step.request.hints.model is not None or _speaks(model, step.classification.language),
        # Where the context is too short for both, the answer keeps its room.
        "thinking_budget": min(thought.tokens, max(1, context - tokens)),
        "overthinks": thinking and not thought.wanted,
        "underthinks": step.asked is True and not thinking,
        "tested": step.tested,
        "source": source,
        "on_disk": on_disk,
        "download_bytes": download,
        "warm": warm,
        "own": own,
        "media_tokens": media_tokens,
    }
    if why := too_much(model.model_type, model.max_images, step.classification.media):
        found["rejected"] = f"It {why}"
    if warm:
        found["load_seconds"] = 0.0
    if step.request.tools and (why := tool_calling.fault(model, backend)):
        found["rejected"] = why
    if adapter is not None and (why := backend.adapter_fault(offer.format)):
        found["rejected"] = why
    return expected.model_copy(update=found | _learned(services, expected, step.task, warm=warm))


def _media_tokens(step: _Step, model: Model) -> int:
    """Return what the attachments take; by the family's advice where nobody has measured them."""
    if not step.classification.media:
        return estimated_tokens(step.request) - step.text_tokens
    return sum(media_cost(model.model_type, attached).tokens for attached in step.classification.media)


def _expected(step: _Step, model: Model, backend: Backend, offer: Offer, context: int, thinking: bool) -> Candidate:
    """Return what doesn't change from request to request."""
    memory = backend.memory(model, offer, context, step.services.settings)
    adapter = _adapter(step, model)
    if adapter is not None:
        memory = memory.model_copy(update={"weights": memory.weights + adapter.bytes})
    return Candidate(
        model=model.id,
        offer=offer,
        backend=backend.name,
        adapter="" if adapter is None else str(adapter.path),
        thinking=thinking,
        memory_bytes=memory.total,
        memory=memory,
        tokens_per_second=expected_tokens_per_second(model, offer, backend.name, step.resources),
        load_seconds=expected_load_seconds(model, offer, backend.name),
        quality=expected_quality(model, step.task, thinking=thinking, offer=offer),
        evidence=_evidence(model, step.task, thinking=thinking),
        commercial_use=model.commercial_use,
        context=context,
    )


def _adapter(step: _Step, model: Model) -> Adapter | None:
    """Return the adapter of the step's task if it is one for this model."""
    adapter = step.services.adapters.get(step.task)
    return adapter if adapter is not None and adapter.base == model.id else None


def _context(step: _Step, model: Model, key: _Loaded, offer: Offer, tokens: int) -> tuple[int, bool]:
    """Return the tokens of context to load with, and whether a loaded model has them.

    The operator's default is doubled until prompt, thought and answer fit, so that few sizes are ever loaded.
    """
    if offer.format == "served":
        return model.context, key in step.loaded
    context = step.services.settings.sizing.context
    while context < min(tokens, model.context):
        context *= 2
    context = min(context, model.context)
    loaded = step.loaded.get(key, 0)
    return (loaded, True) if loaded >= context else (context, False)


def _whereabouts(services: Services, model: Model, backend: Backend, offer: Offer) -> tuple[str, bool, int]:
    """Return the weight source, whether the files are on disk, and the bytes to fetch where they are not."""
    if offer.format == "served":
        return backend.name, True, 0
    where = services.weights.available(model, offer)
    return ("", False, 0) if where is None else (where.source, where.on_disk, where.download_bytes)


def _speaks(model: Model, language: str) -> bool:
    return not model.languages or language == "und" or language.partition("-")[0] in model.languages


def _evidence(model: Model, task: Task, *, thinking: bool) -> str:
    known = model.quality.get(task) or model.quality.get("general")
    count = 0 if known is None else known.thinking_scores if thinking else known.scores
    if not count or task not in model.quality:
        return "models of its size and kind"
    return f"{count} published score{'s' if count > 1 else ''}"


def _learned(services: Services, candidate: Candidate, task: Task, *, warm: bool) -> dict[str, object]:
    """Return what this machine has shown, in place of what was expected."""
    record = services.track_record
    learned: dict[str, object] = {}
    if record is None:
        return learned
    if speed := record.tokens_per_second(candidate):
        learned["tokens_per_second"] = speed
    if not warm and (seconds := record.load_seconds(candidate)) is not None:
        learned["load_seconds"] = seconds
    if found := record.quality(candidate, task, candidate.quality):
        learned["quality"], answers = found
        learned["evidence"] = f"{candidate.evidence} and {answers} answers checked here"
    return learned
