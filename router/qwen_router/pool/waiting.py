"""The requests that wait for a model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from qwen_router.choice import Candidate, ModelKey
from qwen_router.pool.slot import Slot, kinds


@dataclass(eq=False)
class Ticket:
    """One request's place in the queue, and what the pool decided about it.

    Attributes:
        turn: Notified when there is something to do.
        passed_since: When a younger request was first served before this one; `None` while none was.
        slot: Its model: loaded, or for this request to load.
        victims: Models that this request unloads before it is its turn.
        error: Why it gets none.
    """

    candidate: Candidate
    turn: threading.Condition
    passed_since: float | None = None
    slot: Slot | None = None
    victims: list[Slot] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def called(self) -> bool:
        """Whether there is something to do."""
        return bool(self.slot or self.victims or self.error)


class Waiting:
    """Tickets, oldest first. Not thread-safe: the pool's lock guards it.

    Args:
        fairness: Seconds after which a ticket that was passed over is overdue.
    """

    def __init__(self, fairness: float) -> None:
        self._fairness = fairness
        # A dict for its order, and for taking tickets out of the middle.
        self._tickets: dict[Ticket, None] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    def __iter__(self) -> Iterator[Ticket]:
        return iter(list(self._tickets))

    def add(self, ticket: Ticket) -> None:
        """Put a ticket at the end."""
        self._tickets[ticket] = None

    def drop(self, ticket: Ticket) -> None:
        """Take a ticket out, if it is there."""
        self._tickets.pop(ticket, None)

    def of(self, key: ModelKey) -> list[Ticket]:
        """Return the tickets for a model."""
        return [ticket for ticket in self._tickets if ticket.candidate.key == key]

    def served(self, ticket: Ticket, now: float) -> None:
        """Take out a ticket that has its model, and note whom it passed: older ones for other models of its device."""
        mine = set(kinds(ticket.candidate))
        for older in self._tickets:
            if older is ticket:
                break
            if older.candidate.key != ticket.candidate.key and older.passed_since is None:
                older.passed_since = now if mine.intersection(kinds(older.candidate)) else None
        self.drop(ticket)

    def overdue(self, now: float) -> list[Ticket]:
        """Return the tickets that were passed over for too long."""
        return [t for t in self._tickets if t.passed_since is not None and now - t.passed_since >= self._fairness]
