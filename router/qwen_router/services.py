"""What the nodes work with: one set of parts for a router's whole life."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pluggy
from langchain_core.language_models import BaseChatModel

from qwen_router.backend import ModelFiles, Progress
from qwen_router.catalog import Catalogue, load_catalogue
from qwen_router.classify import Classifier
from qwen_router.config import Settings
from qwen_router.events import Events, Evicted, Loaded
from qwen_router.pool import Pool
from qwen_router.registry import Registry
from qwen_router.resources import Resources, probe
from qwen_router.track_record import TrackRecord
from qwen_router.types import Candidate, Offer, Task
from qwen_router.weights import Weights, check_revisions

Machine = tuple[int, float | None, tuple[tuple[str, str, float | None], ...]]
"""What of the resources never changes: cores, the RAM's bandwidth, the accelerators."""
_Way = tuple[str, str, Offer, int, bool, Task, Machine]

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
    progress: Progress = _silent
    expectations: dict[_Way, Candidate] = field(default_factory=dict)
    """What was expected of each way to run a model, so that it is reckoned once."""
    pool: Pool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = Pool(self._load, self._unload, self._budget)
        self._probed: tuple[float, Resources] | None = None
        self._first = self.resources()

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
        return cls(
            settings=settings,
            manager=manager,
            registry=registry,
            catalogue=catalogue,
            weights=Weights(tuple(registry.weight_sources.values()), settings),
            classifier=Classifier(tasks, min_confidence=settings.router.min_confidence, stages=stages),
            events=Events(manager),
            track_record=TrackRecord(settings.state_dir / "track_record.sqlite") if settings.sizing.learn else None,
        )

    def resources(self) -> Resources:
        """Return what the machine has, counting what our own models take as free: they can be evicted.

        Measured again after two seconds.
        """
        now = time.monotonic()
        if self._probed is None or now - self._probed[0] > _PROBE_SECONDS:
            measured = probe(self.settings.cache_dir)
            free = min(measured.ram_total, measured.ram_free + self.pool.reserved("cpu"))
            self._probed = now, measured.model_copy(update={"ram_free": free})
        return self._probed[1]

    def close(self) -> None:
        """Unload every model."""
        self.pool.close()
        if self.track_record is not None:
            self.track_record.close()

    def _budget(self, device: str) -> int:
        """Return the bytes models may take: a share of what was free before the first was loaded."""
        if device == "remote":
            return 0
        free = self._first.ram_free
        if device != "cpu":
            free = max((d.free for d in self._first.devices if d.kind == device), default=0)
        return int(self.settings.sizing.memory_fraction * free)

    def _load(self, candidate: Candidate) -> BaseChatModel:
        started = time.perf_counter()
        model = self.catalogue.find(candidate.model)
        files = ModelFiles.served() if candidate.offer.format == "served" else self._files(candidate)
        chat_model = self.registry.backends[candidate.backend].load(candidate, model, files, self.settings)
        seconds = time.perf_counter() - started
        if self.track_record is not None and candidate.offer.format != "served":
            self.track_record.loaded(candidate, seconds)
        self.events.emit(
            Loaded(
                request_id="",
                seconds=seconds,
                model=candidate.model,
                precision=candidate.precision,
                backend=candidate.backend,
                memory_bytes=candidate.memory_bytes,
            )
        )
        return chat_model

    def _files(self, candidate: Candidate) -> ModelFiles:
        model = self.catalogue.find(candidate.model)
        return self.weights.fetch(model, candidate.offer, self.progress, download=self.settings.weights.auto_pull)

    def _unload(self, candidate: Candidate, chat_model: BaseChatModel) -> None:
        self.registry.backends[candidate.backend].unload(chat_model)
        self.events.emit(
            Evicted(request_id="", model=candidate.model, precision=candidate.precision, backend=candidate.backend)
        )
