"""What flows along the graph's edges."""

from __future__ import annotations

import operator
import time
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AnyMessage
from langgraph.channels import BinaryOperatorAggregate, UntrackedValue

from qwen_router.choice import Candidate, Choice
from qwen_router.request import Request
from qwen_router.types import Answer, Attempt, Classification, Escalation, Generation, Plan, Step, Usage, Verdict


@dataclass(frozen=True)
class Result:
    """The answer to one step."""

    step: str
    generation: Generation
    attempts: tuple[Attempt, ...]
    escalations: tuple[Escalation, ...]
    warnings: tuple[str, ...]

    @property
    def usage(self) -> Usage:
        """Tokens of every attempt."""
        return sum((a.usage for a in self.attempts), Usage())


@dataclass(frozen=True)
class Work:
    """One step on its way through select, generate, verify and escalate.

    Attributes:
        generation: The latest answer; `earlier` holds those that were rejected before it.
    """

    request: Request
    classification: Classification
    step: Step
    choice: Choice | None = None
    generation: Generation | None = None
    earlier: tuple[Generation, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def tried(self) -> tuple[Candidate, ...]:
        """What already answered this step."""
        return tuple(a.choice.winner for a in self.attempts)


@dataclass(frozen=True)
class Clock:
    """When a call began: Unix time for the record, a performance counter for durations."""

    created: float = field(default_factory=time.time)
    started: float = field(default_factory=time.perf_counter)

    @property
    def elapsed(self) -> float:
        """Seconds since then."""
        return time.perf_counter() - self.started


class UntrackedMerge(BinaryOperatorAggregate[dict[str, Result]]):
    """Merges what parallel steps write, and like `UntrackedValue` stays out of checkpoints."""

    def checkpoint(self) -> Any:
        """Return what an empty channel returns."""
        return UntrackedValue(dict).checkpoint()


class State(TypedDict, total=False):
    """The graph's state. Only `history` is kept between the calls of a conversation."""

    history: Annotated[list[AnyMessage], operator.add]
    request: Annotated[Request, UntrackedValue]
    turns: Annotated[list[AnyMessage], UntrackedValue]
    clock: Annotated[Clock, UntrackedValue]
    classification: Annotated[Classification, UntrackedValue]
    plan: Annotated[Plan, UntrackedValue]
    sent: Annotated[frozenset[str], UntrackedValue]
    results: Annotated[dict[str, Result], UntrackedMerge(dict, operator.or_)]
    denied: Annotated[Verdict, UntrackedValue]
    noted: Annotated[tuple[Verdict, ...], UntrackedValue]
    answer: Annotated[Answer, UntrackedValue]
