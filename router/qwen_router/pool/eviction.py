"""Which models go when room is needed."""

from __future__ import annotations

from collections.abc import Iterable

from qwen_router.pool.shelf import Lack
from qwen_router.pool.slot import Slot, kinds

_GIB = 2**30


class Eviction:
    """GreedyDual-Size (Cao and Irani, USENIX Symposium on Internet Technologies and Systems, 1997).

    A model's credit is `age + seconds to load it again / GiB`, set anew at each use. The least credit goes first, and
    `age` rises to the credit of what went. So a model goes the sooner the more room it frees, the faster it is back,
    and the longer it was not used; equal credits go by the last use.
    """

    def __init__(self) -> None:
        self._age = 0.0

    def used(self, slot: Slot, reload_seconds: float) -> None:
        """Renew a model's credit."""
        slot.credit = self._age + reload_seconds / (max(slot.size, 1) / _GIB)

    def gone(self, slots: Iterable[Slot]) -> None:
        """Let the models that stay age by what went."""
        self._age = max([self._age, *(slot.credit for slot in slots)])


def victims(slots: Iterable[Slot], lack: Lack) -> list[Slot] | None:
    """Return the models to unload so that nothing lacks, idle ones first; `None` when all of them are not enough.

    What the later ones make needless is kept.
    """
    left = dict(lack)
    taken: list[Slot] = []
    for slot in sorted(slots, key=lambda s: (s.users > 0, s.credit, s.used_at)):
        if _frees(slot, left):
            taken.append(slot)
            left = _less(left, slot)
    if left:
        return None
    for slot in list(taken):
        others = dict(lack)
        for other in taken:
            if other is not slot:
                others = _less(others, other)
        if not others:
            taken.remove(slot)
    return taken


def _frees(slot: Slot, lack: Lack) -> bool:
    return any(kind in lack for kind in kinds(slot.candidate))


def _less(lack: Lack, slot: Slot) -> Lack:
    mine = kinds(slot.candidate)
    left = {kind: missing - (slot.size if kind in mine else 0) for kind, missing in lack.items()}
    return {kind: missing for kind, missing in left.items() if missing > 0}
