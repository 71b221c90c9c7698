"""Reckons the candidates of one model, and remembers those of the last requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from qwen_router.catalog import expected_load_seconds, expected_quality, expected_tokens_per_second
from qwen_router.choice import Candidate, Offer

if TYPE_CHECKING:
    from qwen_router.adapters import Adapter
    from qwen_router.backend import Backend
    from qwen_router.catalog import Model
    from qwen_router.resources import Machine, Resources
    from qwen_router.services import Services
    from qwen_router.types import Task

LoadedKey = tuple[str, str, str, str, str]
"""A `ModelKey` without its context."""

_KEPT = 4
"""Kinds of requests whose candidates are kept for each model and task."""


# A tuple, and the next one, too: they are made and compared for every model of every request.
class Row(NamedTuple):
    """One model, and all that a request decides of its candidates.

    Attributes:
        own: Whether it is one of the specialist's own.
        wanted: Whether the request calls for a thought of it.
        thought: The most tokens of its thought; 0 where it doesn't think.
        asked: Whether the user asks for a thought, in so many words.
        tested: Whether a decisive check will judge the answer.
        tokens: Those of prompt, attachments and answer; 0 where they and the thought fit the usual context.
        media_tokens: Those of the attachments alone.
        rejected: Why it can't take the request.
    """

    task: Task
    model: Model
    adapter: Adapter | None
    own: bool
    wanted: bool
    thought: int
    asked: bool
    tested: bool
    tokens: int
    media_tokens: int
    speaks: bool
    rejected: str | None

    @property
    def adapter_path(self) -> str:
        """Where its adapter lies; empty for none."""
        return "" if self.adapter is None else str(self.adapter.path)

    @property
    def variant(self) -> str:
        """What its track record is kept under; see `Candidate.variant`."""
        return f"{self.model.id}+{self.adapter.path}" if self.adapter is not None else self.model.id


class Place(NamedTuple):
    """Where candidates would run, as things stand.

    Attributes:
        loaded: Context of each loaded model, by the rest of its key.
        epoch: Of what the weight sources say, see `Weights.epoch`.
    """

    machine: Machine
    offers: Sequence[tuple[Backend, Sequence[Offer]]]
    loaded: Mapping[LoadedKey, int]
    epoch: int


class Reckoned:
    """What was reckoned, so that a request that is like one before finds it done: most are alike in all that matters.

    Threads may share it.
    """

    def __init__(self) -> None:
        self._expected: dict[tuple[str, str, Offer, int, bool, Task, Machine], Candidate] = {}
        self._lately: dict[tuple[Task, str], deque[tuple[object, Sequence[Candidate]]]] = {}

    def candidates(self, services: Services, row: Row, place: Place, resources: Resources) -> Sequence[Candidate]:
        """Return the candidates of one model: the very same ones as long as nothing has changed."""
        record = services.track_record
        notes = 0 if record is None else record.notes(row.variant)
        lately = self._lately.get((row.task, row.model.id))
        if lately is None:
            lately = self._lately[row.task, row.model.id] = deque(maxlen=_KEPT)
        now = (row, place, notes)
        for then, candidates in tuple(lately):
            if then == now:
                return candidates
        candidates = [
            self._candidate(services, row, place, backend, offer, resources)
            for backend, offers in place.offers
            for offer in offers
        ]
        lately.append((now, candidates))
        return candidates

    def _candidate(
        self, services: Services, row: Row, place: Place, backend: Backend, offer: Offer, resources: Resources
    ) -> Candidate:
        thinking = row.thought > 0
        context, warm = _context(services, row, place, backend, offer)
        key = (row.model.id, backend.name, offer, context, thinking, row.task, place.machine)
        expected = self._expected.get(key)
        if expected is None:
            expected = self._expected[key] = _expected(services, row, backend, offer, context, resources)
        source, on_disk, download = _whereabouts(services, row.model, backend, offer)
        if warm:
            # It answers from memory, even when its files have been removed meanwhile.
            source, on_disk, download = source or backend.name, True, 0
        found: dict[str, object] = {
            "speaks": row.speaks,
            # Where the context is too short for both, the answer keeps its room.
            "thinking_budget": min(row.thought, max(1, context - row.tokens)),
            "overthinks": thinking and not row.wanted,
            "underthinks": row.asked and not thinking,
            "tested": row.tested,
            "source": source,
            "on_disk": on_disk,
            "download_bytes": download,
            "warm": warm,
            "own": row.own,
            "media_tokens": row.media_tokens,
        }
        if row.rejected is not None:
            found["rejected"] = row.rejected
        if warm:
            found["load_seconds"] = 0.0
        if row.adapter is not None and (why := backend.adapter_fault(offer.format)):
            found["rejected"] = why
        return expected.model_copy(update=found | _learned(services, expected, row.task, warm=warm))


def _expected(
    services: Services, row: Row, backend: Backend, offer: Offer, context: int, resources: Resources
) -> Candidate:
    """Return what doesn't change from request to request."""
    model, thinking = row.model, row.thought > 0
    memory = backend.memory(model, offer, context, services.settings)
    if row.adapter is not None:
        memory = memory.model_copy(update={"weights": memory.weights + row.adapter.bytes})
    return Candidate(
        model=model.id,
        offer=offer,
        backend=backend.name,
        adapter=row.adapter_path,
        thinking=thinking,
        memory_bytes=memory.total,
        memory=memory,
        tokens_per_second=expected_tokens_per_second(model, offer, backend.name, resources),
        load_seconds=expected_load_seconds(model, offer, backend.name),
        quality=expected_quality(model, row.task, thinking=thinking, offer=offer),
        evidence=_evidence(model, row.task, thinking=thinking),
        commercial_use=model.commercial_use,
        context=context,
    )


def _context(services: Services, row: Row, place: Place, backend: Backend, offer: Offer) -> tuple[int, bool]:
    """Return the tokens of context to load with, and whether a loaded model has them.

    The operator's default is doubled until prompt, thought and answer fit, so that few sizes are ever loaded.
    """
    most = row.model.context
    loaded = place.loaded.get((row.model.id, offer.precision, offer.quant, backend.name, row.adapter_path))
    if offer.format == "served":
        return most, loaded is not None
    context = services.settings.sizing.context
    while context < min(row.tokens + row.thought, most):
        context *= 2
    context = min(context, most)
    return (context, False) if loaded is None or loaded < context else (loaded, True)


def _whereabouts(services: Services, model: Model, backend: Backend, offer: Offer) -> tuple[str, bool, int]:
    """Return the weight source, whether the files are on disk, and the bytes to fetch where they are not."""
    if offer.format == "served":
        return backend.name, True, 0
    where = services.weights.available(model, offer)
    return ("", False, 0) if where is None else (where.source, where.on_disk, where.download_bytes)


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
