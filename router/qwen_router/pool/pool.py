"""Lends models to the threads that answer requests."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from langchain_core.language_models import BaseChatModel

from qwen_router.cancellation import current_cancellation
from qwen_router.choice import Candidate, ModelKey
from qwen_router.config import PoolSection
from qwen_router.pool.desk import Desk
from qwen_router.pool.loader import Loader, Why
from qwen_router.pool.shelf import Shelf
from qwen_router.pool.slot import LoadedModel, Slot
from qwen_router.pool.waiting import Ticket

_log = logging.getLogger(__name__)


class Pool:
    """Holds loaded models; threads share it.

    A request takes a ticket. Whenever something changes, the desk decides under the lock; the requests' own threads do
    the slow work, loading and unloading, outside it.

    Args:
        loader: Loads and unloads.
        rules: The operator's settings.
        pinned: Catalogue ids of models that are never unloaded while the pool is open.
        clock: Returns seconds.
    """

    def __init__(
        self,
        loader: Loader,
        rules: PoolSection,
        *,
        pinned: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loader, self._keep_alive, self._clock = loader, rules.keep_alive, clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._desk = Desk(Shelf(loader.budget, pinned), rules, clock, self._after_change)
        self._alarm: threading.Timer | None = None

    def warm(self) -> frozenset[ModelKey]:
        """Return the keys of the loaded models."""
        with self._lock:
            return frozenset(slot.key for slot in self._desk.shelf if slot.ready)

    def smallest_warm(self) -> Candidate | None:
        """Return the loaded model that takes the least memory."""
        return min(self.candidates(), key=lambda c: (c.memory_bytes, c.key), default=None)

    def candidates(self) -> list[Candidate]:
        """Return the loaded models, each as the candidate that it was loaded for."""
        with self._lock:
            return [slot.candidate for slot in self._desk.shelf if slot.ready]

    def loaded(self) -> list[LoadedModel]:
        """Return the facts of the loaded models."""
        with self._lock:
            now = self._clock()
            return [slot.facts(now) for slot in self._desk.shelf if slot.ready]

    def reserved(self, device: str) -> int:
        """Return the bytes that models take on a device kind, those that are loading or unloading included."""
        with self._lock:
            return self._desk.shelf.reserved(device)

    def room(self, candidate: Candidate) -> int | None:
        """Return the most bytes that a candidate can ever have beside the pinned models; `None` for no limit."""
        with self._lock:
            return self._desk.shelf.room(candidate)

    def cooling(self) -> dict[ModelKey, str]:
        """Return the models that aren't tried just now because their load failed, and what to tell about each."""
        with self._lock:
            return self._desk.breaker.cooling()

    def waiting(self) -> int:
        """Return how many requests wait for a model."""
        with self._lock:
            return len(self._desk.waiting)

    @contextmanager
    def lease(self, candidate: Candidate) -> Iterator[BaseChatModel]:
        """Lend a model for as long as the block runs, loading it first when it is cold.

        Raises:
            OutOfMemory: It doesn't fit, or didn't some seconds ago: a smaller one may.
            RouterError: The load failed, for all who wait for it alike; or it did some seconds ago; or the pool closes.
            NoModelFits: It can never fit beside the pinned models. Not `Overloaded`: waiting would not help.
            Overloaded: Too many requests wait already.
            Cancelled: The caller gave up while waiting.
            DeadlineExceeded: The caller's deadline came while waiting.
        """
        asked = self._clock()
        ticket = Ticket(candidate, threading.Condition(self._lock))
        with self._lock:
            self._desk.enter(ticket)
        slot = self._wait(ticket)
        lent = self._clock()
        try:
            self._loader.lent(candidate, lent - asked, self.waiting())
            assert slot.model is not None
            yield slot.model
        finally:
            with self._lock:
                self._desk.give_back(slot, self._clock() - lent)

    def unload_idle(self) -> None:
        """Unload what nobody used for `keep_alive` seconds."""
        with self._lock:
            self._alarm = None
            last = self._clock() - self._keep_alive
            old = self._desk.unloading([slot for slot in self._desk.unwanted() if slot.used_at <= last])
        self._evict(old, "keep_alive")

    def drain(self) -> None:
        """Load nothing from now on: who waits gets an error, but what is loaded still serves calls in flight."""
        with self._lock:
            self._desk.closing = True
            self._desk.schedule()

    def close(self) -> None:
        """Wait for models in use, then unload all. Later leases fail."""
        self.drain()
        with self._lock:
            while any(slot.users or not slot.ready for slot in self._desk.shelf):
                self._changed.wait()
            if self._alarm is not None:
                self._alarm.cancel()
            slots = self._desk.unloading(list(self._desk.shelf))
        self._evict(slots, "closed")

    def _wait(self, ticket: Ticket) -> Slot:
        """Return the ticket's slot, ready and counted, after doing the work that comes with it."""
        with current_cancellation().on_cancel(partial(self._wake, ticket)):
            while True:
                if victims := self._next(ticket):
                    self._evict(victims, "room")
                    continue
                if ticket.error is not None:
                    raise ticket.error
                assert ticket.slot is not None
                if ticket.slot.model is None:
                    self._fill(ticket.slot)
                return ticket.slot

    def _next(self, ticket: Ticket) -> list[Slot]:
        """Wait until there is something to do, and return what is to be unloaded."""
        cancellation = current_cancellation()
        with self._lock:
            try:
                while not ticket.called:
                    cancellation.check()
                    ticket.turn.wait(cancellation.remaining)
            except BaseException:
                self._desk.withdraw(ticket)
                raise
            victims, ticket.victims = ticket.victims, []
        return victims

    def _wake(self, ticket: Ticket) -> None:
        with self._lock:
            ticket.turn.notify()

    def _fill(self, slot: Slot) -> None:
        """Load the model, and serve all who wait for it."""
        candidate, started = slot.candidate, self._clock()
        model: BaseChatModel | None = None
        try:
            # The caller may have left while room was made.
            current_cancellation().check()
            model = self._loader.load(candidate)
            seconds = self._clock() - started
            measured = self._loader.footprint(candidate, model)
            if measured is not None:
                self._correct(slot, measured)
        except BaseException as error:
            if model is not None:
                self._unload(candidate, model, "room")
            with self._lock:
                self._desk.failed(slot, error)
            raise
        with self._lock:
            self._desk.loaded(slot, model, seconds)
        self._loader.loaded(candidate, seconds, measured)

    def _correct(self, slot: Slot, size: int) -> None:
        """Reserve what was measured, and unload idle models where that is more than was predicted.

        Raises:
            OutOfMemory: They don't free enough.
        """
        while True:
            with self._lock:
                if self._desk.resize(slot, size):
                    return
                victims = self._desk.make_room(slot, size)
                if not victims:
                    self._changed.wait()
            # Their room must not go to others first.
            self._evict(victims, "room", first=partial(self._desk.resize, slot, size))

    def _evict(self, slots: Sequence[Slot], why: Why, *, first: Callable[[], object] | None = None) -> None:
        """Unload slots that are lent to nobody any more, do `first` with their room, and let others have the rest."""
        for slot in slots:
            assert slot.model is not None
            self._unload(slot.candidate, slot.model, why)
        with self._lock:
            self._desk.gone(slots)
            if first is not None:
                first()
            self._desk.schedule()

    def _unload(self, candidate: Candidate, model: BaseChatModel, why: Why) -> None:
        try:
            self._loader.unload(candidate, model, why)
        except Exception:
            # Whoever needs the room can't help it.
            _log.exception("Unloading %s failed.", candidate.model)

    def _after_change(self) -> None:
        """Wake whoever waits for any change, and have `unload_idle` called when the first model is due.

        There is one timer at most, and none while no model is idle.
        """
        self._changed.notify_all()
        if self._keep_alive and self._alarm is None and not self._desk.closing:
            unwanted = self._desk.unwanted()
            if unwanted:
                due = min(slot.used_at for slot in unwanted) + self._keep_alive
                self._alarm = threading.Timer(max(0.0, due - self._clock()), self.unload_idle)
                self._alarm.daemon = True
                self._alarm.start()
