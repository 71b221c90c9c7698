"""What the nodes work with: one set of parts for a router's whole life."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import pluggy

from qwen_router import lifecycle
from qwen_router.adapters import Adapter, read_adapters
from qwen_router.backend import Progress
from qwen_router.budgets import Budgets
from qwen_router.catalog import Catalogue, Model, load_catalogue
from qwen_router.classify import Classifier
from qwen_router.config import Settings
from qwen_router.errors import ConfigError, UnknownModel
from qwen_router.events import Events
from qwen_router.health.growth import Growth
from qwen_router.health.recent import Recent
from qwen_router.in_progress import InProgress
from qwen_router.loading import ModelLoader
from qwen_router.pool import Pool
from qwen_router.reckoning import Reckoned
from qwen_router.registry import Registry
from qwen_router.resources import Resources, probe, recorded
from qwen_router.serving import serving
from qwen_router.specialist import Specialist
from qwen_router.status import Status
from qwen_router.track_record import TrackRecord
from qwen_router.types import Task
from qwen_router.weights import Weights, check_revisions

_PROBE_SECONDS = 2.0


def _silent(name: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass
class Services:
    """The parts of a router. `progress` is told of fetches that a request waits for."""

    settings: Settings
    manager: pluggy.PluginManager
    registry: Registry
    catalogue: Catalogue
    weights: Weights
    classifier: Classifier
    events: Events
    track_record: TrackRecord | None = None
    adapters: dict[Task, Adapter] = field(default_factory=dict)
    progress: Progress = _silent
    reckoned: Reckoned = field(default_factory=Reckoned)
    recent: Recent = field(default_factory=Recent)
    growth: Growth = field(default_factory=Growth)
    moderator_fails: bool = False
    """Whether it did when it was last asked, so that this is logged once."""
    pool: Pool = field(init=False)
    calls: InProgress = field(init=False)
    _serving: dict[Task, tuple[tuple[Model, bool], ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.calls = InProgress(self.events)
        rules = self.settings.pool
        _ids(self.catalogue, rules.preload, "pool.preload")
        _check_moderator(self.catalogue, self.settings.security.moderator)
        measured = probe(self.settings.cache_dir)
        self._probed: tuple[float, Resources] = time.monotonic(), measured
        loader = ModelLoader(
            settings=self.settings,
            registry=self.registry,
            catalogue=self.catalogue,
            weights=self.weights,
            events=self.events,
            budgets=Budgets.measure(self.settings.sizing, measured),
            track_record=self.track_record,
            # Looked up late: it is set after this object is built.
            progress=lambda name, done, total: self.progress(name, done, total),
        )
        self.pool = Pool(loader, rules, pinned=_ids(self.catalogue, rules.pin, "pool.pin"))

    @classmethod
    def build(cls, settings: Settings, manager: pluggy.PluginManager, *, stages: int = 2) -> Services:
        """Ask the plugins what they bring, and put the parts together.

        Args:
            stages: The last stage of the classifier that may be asked.
        """
        registry = Registry.of(manager, settings)
        tasks = {task: specialist.examples for task, specialist in registry.specialists.items()}
        catalogue = load_catalogue(settings.catalogue, tasks)
        check_revisions(settings, catalogue)
        adapters = read_adapters(settings, registry, catalogue)
        return cls(
            settings=settings,
            manager=manager,
            registry=registry,
            catalogue=catalogue,
            weights=Weights(tuple(registry.weight_sources.values()), settings),
            classifier=Classifier(tasks, min_confidence=settings.router.min_confidence, stages=stages),
            events=Events(manager),
            track_record=TrackRecord(settings.state_dir / "track_record.sqlite") if settings.sizing.learn else None,
            adapters=adapters,
        )

    def start(self) -> None:
        """Tell the plugins that the router starts; see `lifecycle.start` for what it raises."""
        try:
            lifecycle.start(self.manager, self.settings, self.status)
        except BaseException:
            self.close()
            raise

    def status(self) -> Status:
        """Return what the router is doing now."""
        return Status(
            calls=self.calls.count,
            waiting=self.pool.waiting(),
            loaded=tuple(self.pool.loaded()),
            faults=dict(self.events.faults),
        )

    def serving(self, specialist: Specialist) -> tuple[tuple[Model, bool], ...]:
        """Return each model that may serve a specialist's task, and whether it is one of its own; see `serving`."""
        found = self._serving.get(specialist.task)
        if found is None:
            found = self._serving[specialist.task] = tuple(serving(self.catalogue, specialist))
        return found

    def resources(self) -> Resources:
        """Return what the machine has, counting what our own models take as free: they can be evicted.

        Measured again after two seconds.
        """
        now = time.monotonic()
        if now - self._probed[0] > _PROBE_SECONDS:
            measured = probe(self.settings.cache_dir)
            if recorded() is not None:
                # A recorded machine doesn't notice what we load.
                self._probed = now, measured
                return measured
            free = min(measured.ram_total, measured.ram_free + self.pool.reserved("cpu"))
            devices = tuple(
                d.model_copy(update={"free": min(d.total, d.free + self.pool.reserved(d.kind))})
                for d in measured.devices
            )
            self._probed = now, measured.model_copy(update={"ram_free": free, "devices": devices})
        return self._probed[1]

    def close(self) -> None:
        """Unload every model, and tell the plugins that this is over."""
        self.pool.close()
        if self.track_record is not None:
            self.track_record.close()
        lifecycle.stop(self.manager)


def _ids(catalogue: Catalogue, names: Iterable[str], key: str) -> frozenset[str]:
    """Return the catalogue ids of the models that a setting names.

    Raises:
        ConfigError: The catalogue doesn't hold one.
    """
    try:
        return frozenset(catalogue.find(name).id for name in names)
    except UnknownModel as error:
        raise ConfigError(f"{key}: {error.what}", error.fix) from None


def _check_moderator(catalogue: Catalogue, name: str) -> None:
    """Refuse a moderator that the catalogue doesn't hold or that writes no safety labels.

    Raises:
        ConfigError: It is one of these.
    """
    for found in _ids(catalogue, [name] if name else [], "security.moderator"):
        if catalogue[found].variant != "guard-gen":
            raise ConfigError(
                f"security.moderator: {found} is no moderator.",
                "Name a Qwen3Guard-Gen model, such as Qwen/Qwen3Guard-Gen-0.6B.",
            )
