"""The slots of a pool, and the room that is left beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from qwen_router.choice import Candidate, ModelKey
from qwen_router.pool.slot import Slot, kinds

Lack = dict[str, int]
"""Bytes that are missing, by device kind; empty when all fits."""


class Shelf:
    """Holds slots by key. Not thread-safe: the pool's lock guards it.

    Args:
        budget: Bytes that all models on a device kind may take together.
        pinned: Catalogue ids of models that are never unloaded while the router runs.
    """

    def __init__(self, budget: Callable[[str], int], pinned: frozenset[str]) -> None:
        self._budget = budget
        self._pinned = pinned
        self._slots: dict[ModelKey, Slot] = {}

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots.values())

    def get(self, key: ModelKey) -> Slot | None:
        """Return the slot of a model, if there is one."""
        return self._slots.get(key)

    def add(self, candidate: Candidate, now: float) -> Slot:
        """Make a loading slot that reserves the predicted bytes."""
        pinned = candidate.model in self._pinned
        slot = self._slots[candidate.key] = Slot(candidate, pinned, candidate.memory_bytes, now)
        return slot

    def remove(self, slots: Iterable[Slot]) -> None:
        """Take slots out, and give their bytes back."""
        for slot in slots:
            del self._slots[slot.key]
            slot.model = None

    def reserved(self, kind: str) -> int:
        """Return the bytes that the slots take on a device kind."""
        return _sizes(self, kind)

    def lack(self, candidate: Candidate, size: int, *, leaving: bool = True) -> Lack:
        """Return what is missing to reserve `size` more bytes for a candidate.

        Args:
            leaving: Whether the slots that are unloading still count.
        """
        counted = [slot for slot in self if leaving or slot.state != "unloading"]
        over = {kind: _sizes(counted, kind) + size - self._budget(kind) for kind in kinds(candidate)}
        return {kind: missing for kind, missing in over.items() if missing > 0}

    def room(self, candidate: Candidate) -> int | None:
        """Return the most bytes that a candidate can ever have beside the pinned models; `None` for no limit."""
        staying = [slot for slot in self if slot.pinned and slot.ready and slot.key != candidate.key]
        return min((self._budget(kind) - _sizes(staying, kind) for kind in kinds(candidate)), default=None)


def _sizes(slots: Iterable[Slot], kind: str) -> int:
    return sum(slot.size for slot in slots if kind in kinds(slot.candidate))
