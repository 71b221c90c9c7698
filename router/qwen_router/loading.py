"""Loads models for the pool, and tells observers."""

from __future__ import annotations

from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from qwen_router.backend import ModelFiles, Progress
from qwen_router.budgets import Budgets
from qwen_router.catalog import Catalogue
from qwen_router.choice import Candidate, MemoryEstimate
from qwen_router.config import Settings
from qwen_router.events import Events, Evicted, Lent, Loaded
from qwen_router.in_progress import current_request_id
from qwen_router.pool import Why
from qwen_router.registry import Registry
from qwen_router.track_record import TrackRecord
from qwen_router.weights import Weights


@dataclass(frozen=True)
class ModelLoader:
    """What the pool needs of a router. `progress` is told of fetches that a request waits for."""

    settings: Settings
    registry: Registry
    catalogue: Catalogue
    weights: Weights
    events: Events
    budgets: Budgets
    progress: Progress
    track_record: TrackRecord | None = None

    def budget(self, kind: str) -> int:
        """Return the bytes that all models on a device kind may take together."""
        return self.budgets.of(kind)

    def load(self, candidate: Candidate) -> BaseChatModel:
        """Find or fetch the files, and have the backend load them."""
        model = self.catalogue.find(candidate.model)
        files = ModelFiles.served()
        if candidate.offer.format != "served":
            download = self.settings.weights.auto_pull
            files = self.weights.fetch(model, candidate.offer, self.progress, download=download)
        return self.registry.backends[candidate.backend].load(candidate, model, files, self.settings)

    def footprint(self, candidate: Candidate, chat_model: BaseChatModel) -> int | None:
        """Return what the backend measured, and the predicted parts that it can't.

        The growth of this process is no measure: other models answer meanwhile, and files that are mapped count only
        once they are read.
        """
        taken = self.registry.backends[candidate.backend].footprint(chat_model)
        if taken is None:
            return None
        predicted = candidate.memory or MemoryEstimate()
        return taken + predicted.runtime + predicted.on_demand

    def loaded(self, candidate: Candidate, seconds: float, measured: int | None) -> None:
        """Tell observers, and remember the time it took."""
        if self.track_record is not None and candidate.offer.format != "served":
            self.track_record.loaded(candidate, seconds)
        self.events.emit(
            Loaded(
                request_id=current_request_id(),
                seconds=seconds,
                model=candidate.model,
                precision=candidate.precision,
                backend=candidate.backend,
                device=candidate.offer.device,
                memory_bytes=candidate.memory_bytes,
                measured_bytes=measured,
            )
        )

    def unload(self, candidate: Candidate, chat_model: BaseChatModel, why: Why) -> None:
        """Have the backend unload a model, and tell observers."""
        try:
            self.registry.backends[candidate.backend].unload(chat_model)
        finally:
            self.events.emit(
                Evicted(
                    request_id=current_request_id(),
                    model=candidate.model,
                    precision=candidate.precision,
                    backend=candidate.backend,
                    device=candidate.offer.device,
                    why=why,
                )
            )

    def lent(self, candidate: Candidate, seconds: float, waiting: int) -> None:
        """Tell observers."""
        self.events.emit(
            Lent(
                request_id=current_request_id(),
                seconds=seconds,
                model=candidate.model,
                precision=candidate.precision,
                backend=candidate.backend,
                waiting=waiting,
            )
        )
