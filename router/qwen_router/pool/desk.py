"""Decides who is served, who loads, and which models go."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.language_models import BaseChatModel

from qwen_router.choice import Candidate
from qwen_router.config import PoolSection
from qwen_router.errors import NoModelFits, OutOfMemory, Overloaded, RouterError
from qwen_router.pool.breaker import Breaker, concerns_others
from qwen_router.pool.eviction import Eviction, victims
from qwen_router.pool.pace import Pace
from qwen_router.pool.shelf import Shelf
from qwen_router.pool.slot import Slot, kinds
from qwen_router.pool.waiting import Ticket, Waiting

_GIB = 2**30


class Desk:
    """The state of a pool and its rules. Not thread-safe: the pool's lock guards it.

    Requests for a loaded model are served at once, even past older ones for other models: so a queue is served model by
    model. A ticket that was passed over for `fairness_seconds` ends that: the models in its way take no more requests.
    All who wait for a model when its load ends are served together.

    Bytes are reserved from before a load until after the unload, so that the budgets hold at every moment.

    Args:
        shelf: The empty slots and their budgets.
        rules: The operator's settings.
        clock: Returns seconds.
        changed: Called after every decision.
    """

    def __init__(
        self, shelf: Shelf, rules: PoolSection, clock: Callable[[], float], changed: Callable[[], None]
    ) -> None:
        self.shelf = shelf
        self.waiting = Waiting(rules.fairness_seconds)
        self.breaker = Breaker(rules.cool_down_seconds, clock)
        self._pace = Pace()
        self._eviction = Eviction()
        self._most_waiting = rules.max_waiting
        self._clock = clock
        self._changed = changed
        self.closing = False

    def enter(self, ticket: Ticket) -> None:
        """Take a new ticket.

        Raises:
            Overloaded: It would have to wait, and too many wait already.
        """
        self.waiting.add(ticket)
        self.schedule()
        if ticket.called or len(self.waiting) <= self._most_waiting:
            return
        self.waiting.drop(ticket)
        seconds = self._pace.until_served(t.candidate for t in self.waiting)
        raise Overloaded(
            f"{len(self.waiting)} requests are waiting for a model already.",
            f"Try again in {seconds:.0f} s, or raise pool.max_waiting.",
            retry_after=seconds,
        )

    def withdraw(self, ticket: Ticket) -> None:
        """Undo what was decided for a ticket whose caller is gone."""
        self.waiting.drop(ticket)
        for slot in ticket.victims:
            slot.state = "ready"
        if ticket.slot is not None:
            ticket.slot.users -= 1
            if ticket.slot.state == "loading":
                self.shelf.remove([ticket.slot])
        self.schedule()

    def loaded(self, slot: Slot, model: BaseChatModel, seconds: float) -> None:
        """Serve all who wait for a model that is loaded now."""
        slot.model, slot.state = model, "ready"
        self._pace.loaded(slot.candidate, seconds)
        for ticket in self.waiting.of(slot.key):
            self._lend(ticket, slot)
        self.schedule()

    def failed(self, slot: Slot, error: BaseException) -> None:
        """Forget a model that couldn't be loaded, and tell all who wait for it."""
        self.shelf.remove([slot])
        self.breaker.failed(slot.candidate, error)
        if concerns_others(error):
            for ticket in self.waiting.of(slot.key):
                self._fail(ticket, error)
        self.schedule()

    def give_back(self, slot: Slot, seconds: float) -> None:
        """Take a model back that was lent for `seconds`."""
        slot.users -= 1
        self._pace.served(slot.candidate, seconds)
        self._note_use(slot)
        self.schedule()

    def gone(self, slots: Sequence[Slot]) -> None:
        """Free the room of models that were unloaded; call `schedule` then."""
        self._eviction.gone(slots)
        self.shelf.remove(slots)

    def resize(self, slot: Slot, size: int) -> bool:
        """Reserve what was measured instead of what was predicted; false when that doesn't fit now."""
        if self.shelf.lack(slot.candidate, size - slot.size):
            return False
        slot.size = size
        return True

    def make_room(self, slot: Slot, size: int) -> list[Slot]:
        """Return idle models that the caller must unload so that a model may grow; none when others are at it.

        Raises:
            OutOfMemory: They don't free enough.
        """
        candidate = slot.candidate
        out = victims(self._idle(), self.shelf.lack(candidate, size - slot.size, leaving=False))
        if out is None:
            raise OutOfMemory(
                f"{candidate.model} at {candidate.precision} takes {_gib(size)}, more than the "
                f"{_gib(candidate.memory_bytes)} it was expected to, and no longer fits.",
                "Raise the budget in [sizing], or choose a smaller model.",
            )
        return self.unloading(out)

    def unwanted(self) -> list[Slot]:
        """Return the idle models that nobody waits for."""
        return [slot for slot in self._idle() if not self.waiting.of(slot.key)]

    def unloading(self, slots: Sequence[Slot]) -> list[Slot]:
        """Lend these models to nobody any more; the caller must unload them."""
        for slot in slots:
            slot.state = "unloading"
        return list(slots)

    def schedule(self) -> None:
        """Serve whoever can be served now."""
        held: set[Slot] = set()
        kept: set[str] = set()
        for ticket in () if self.closing else self.waiting.overdue(self._clock()):
            if self._is_cold(ticket) and kept.isdisjoint(kinds(ticket.candidate)):
                self._start(ticket)
                if ticket.slot is None and ticket.error is None:
                    held.update(self._in_the_way(ticket.candidate))
                    kept.update(kinds(ticket.candidate))
        for ticket in self.waiting:
            slot = self.shelf.get(ticket.candidate.key)
            if slot is not None and slot.ready and slot not in held:
                self._lend(ticket, slot)
        for ticket in self.waiting:
            if self.closing:
                self._fail(ticket, RouterError("The router is closed.", "Make a new one."))
            elif self._is_cold(ticket) and kept.isdisjoint(kinds(ticket.candidate)):
                self._start(ticket)
        self._changed()

    def _is_cold(self, ticket: Ticket) -> bool:
        return self.shelf.get(ticket.candidate.key) is None

    def _start(self, ticket: Ticket) -> None:
        """Let a ticket load its model, or unload what is in the way, if either can be now."""
        candidate = ticket.candidate
        if error := self.breaker.check(candidate) or self._never_fits(candidate):
            self._fail(ticket, error)
        elif not self.shelf.lack(candidate, candidate.memory_bytes):
            self._lend(ticket, self.shelf.add(candidate, self._clock()))
        elif not ticket.victims:
            lack = self.shelf.lack(candidate, candidate.memory_bytes, leaving=False)
            if out := victims(self._idle(), lack):
                ticket.victims = self.unloading(out)
                ticket.turn.notify()

    def _in_the_way(self, candidate: Candidate) -> Sequence[Slot]:
        """Return the models that must go for a candidate, in use or not."""
        may_go = [slot for slot in self.shelf if slot.ready and not slot.pinned]
        out = victims(may_go, self.shelf.lack(candidate, candidate.memory_bytes, leaving=False))
        return may_go if out is None else out

    def _never_fits(self, candidate: Candidate) -> RouterError | None:
        room = self.shelf.room(candidate)
        if room is None or candidate.memory_bytes <= room:
            return None
        return NoModelFits(
            f"{candidate.model} at {candidate.precision} needs {_gib(candidate.memory_bytes)}; beside pinned models "
            f"others may take {_gib(max(0, room))} here.",
            "Raise the budget in [sizing], or pin less in [pool].",
        )

    def _idle(self) -> list[Slot]:
        return [slot for slot in self.shelf if slot.idle]

    def _lend(self, ticket: Ticket, slot: Slot) -> None:
        slot.users += 1
        self._note_use(slot)
        ticket.slot = slot
        self.waiting.served(ticket, slot.used_at)
        ticket.turn.notify()

    def _fail(self, ticket: Ticket, error: BaseException) -> None:
        ticket.error = error
        self.waiting.drop(ticket)
        ticket.turn.notify()

    def _note_use(self, slot: Slot) -> None:
        slot.used_at = self._clock()
        self._eviction.used(slot, self._pace.load_seconds(slot.candidate))


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"
