"""Loads each model once, shares it, and evicts idle ones to stay within the memory budget."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from langchain_core.language_models import BaseChatModel

from qwen_router.cancellation import current_cancellation
from qwen_router.errors import Overloaded, RouterError
from qwen_router.types import Candidate, ModelKey

Load = Callable[[Candidate], BaseChatModel]
Unload = Callable[[Candidate, BaseChatModel], None]


@dataclass
class _Slot:
    candidate: Candidate
    users: int = 0
    used_at: float = field(default_factory=time.monotonic)
    model: BaseChatModel | None = None
    """`None` while it loads."""


class Pool:
    """Holds loaded models.

    Args:
        load: Makes a chat model of a candidate; runs outside the lock, once per model at a time.
        unload: Gives its memory back.
        budget: Bytes that all models on a device kind (`cpu`, `cuda`, `mps`) may take together.
    """

    def __init__(self, load: Load, unload: Unload, budget: Callable[[str], int]) -> None:
        self._load, self._unload, self._budget = load, unload, budget
        self._slots: dict[ModelKey, _Slot] = {}
        self._changed = threading.Condition()
        self._closed = False

    def warm(self) -> frozenset[ModelKey]:
        """Return the keys of the loaded models."""
        with self._changed:
            return frozenset(key for key, slot in self._slots.items() if slot.model is not None)

    def smallest_warm(self) -> Candidate | None:
        """Return the loaded model that takes the least memory."""
        with self._changed:
            loaded = [slot.candidate for slot in self._slots.values() if slot.model is not None]
        return min(loaded, key=lambda c: (c.memory_bytes, c.key), default=None)

    def reserved(self, device: str) -> int:
        """Return the bytes that loaded and loading models take on a device kind."""
        with self._changed:
            return self._reserved(device)

    @contextmanager
    def lease(self, candidate: Candidate) -> Iterator[BaseChatModel]:
        """Lend a model for as long as the block runs, loading it first when it is cold.

        Waits while another caller loads the same model or while every model in the way is in use.

        Raises:
            RouterError: The load failed; nothing stays behind, and the next call tries again.
            Cancelled: The caller gave up while waiting.
        """
        slot = self._claim(candidate)
        try:
            yield slot.model or self._fill(candidate, slot)
        finally:
            with self._changed:
                slot.users -= 1
                slot.used_at = time.monotonic()
                self._changed.notify_all()

    def close(self) -> None:
        """Wait for models in use, then unload all. Later leases fail."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            while any(slot.users for slot in self._slots.values()):
                self._changed.wait(1.0)
            slots, self._slots = list(self._slots.values()), {}
        for slot in slots:
            if slot.model is not None:
                self._unload(slot.candidate, slot.model)

    def _claim(self, candidate: Candidate) -> _Slot:
        """Return the model's slot with this caller counted; a slot without a model is the caller's to fill."""
        cancellation = current_cancellation()
        while True:
            with self._changed:
                if self._closed:
                    raise RouterError("The router is closed.", "Make a new one.")
                slot = self._slots.get(candidate.key)
                if slot is not None and slot.model is not None:
                    slot.users += 1
                    return slot
                evicted = None if slot is not None else self._make_room(candidate)
                if evicted is not None:
                    claimed = self._slots[candidate.key] = _Slot(candidate, users=1)
                    break
                cancellation.check()
                # Short waits: a cancellation doesn't notify this condition.
                self._changed.wait(0.05)
        for old in evicted:
            if old.model is not None:
                self._unload(old.candidate, old.model)
        return claimed

    def _make_room(self, candidate: Candidate) -> list[_Slot] | None:
        """Take idle models out, longest unused first, until the candidate fits; `None` when it can't yet."""
        device = candidate.offer.device
        over = self._reserved(device) + candidate.memory_bytes - self._budget(device)
        idle = sorted(
            (s for s in self._slots.values() if s.users == 0 and s.candidate.offer.device == device),
            key=lambda s: s.used_at,
        )
        taken: list[_Slot] = []
        for slot in idle:
            if over <= 0:
                break
            over -= slot.candidate.memory_bytes
            taken.append(slot)
        if over > 0:
            if not any(s.users for s in self._slots.values() if s.candidate.offer.device == device):
                raise Overloaded(
                    f"{candidate.model} at {candidate.precision} no longer fits in the memory budget.",
                    "Free memory, or raise sizing.memory_fraction.",
                    retry_after=10.0,
                )
            return None
        for slot in taken:
            del self._slots[slot.candidate.key]
        return taken

    def _fill(self, candidate: Candidate, slot: _Slot) -> BaseChatModel:
        try:
            model = self._load(candidate)
        except BaseException:
            with self._changed:
                del self._slots[candidate.key]
                self._changed.notify_all()
            raise
        with self._changed:
            slot.model = model
            self._changed.notify_all()
        return model

    def _reserved(self, device: str) -> int:
        return sum(s.candidate.memory_bytes for s in self._slots.values() if s.candidate.offer.device == device)
