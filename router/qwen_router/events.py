"""Tells observers what happened, and keeps their faults away from the call."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

import pluggy

from qwen_router.choice import Choice
from qwen_router.hooks import call_impl
from qwen_router.request import Request
from qwen_router.types import Answer, Check, Classification, Escalation, Generation, Plan, Task, Verdict

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one request.

    Attributes:
        request_id: Empty for what belongs to no request, such as a model that is loaded before any.
        seconds: How long it took, by a clock that never jumps.
        at: When it was over, Unix time in seconds.
    """

    request_id: str
    seconds: float = 0.0
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun(Event):
    """A call's turn came, after waiting `seconds` for a place among `router.max_concurrency`.

    `Answered` or `Failed` ends it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted(Event):
    """Every guard let the request pass. `request` is what they made of it, the conversation so far included."""

    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied(Event):
    """A guard denied the request or its answer."""

    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified(Event):
    """The request was classified."""

    classification: Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Event):
    """The request was split into steps."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected(Event):
    """A model was chosen for a step, or another one when memory ran out.

    The classification is the step's: its task may differ from the request's.
    """

    step: str
    attempt: int
    classification: Classification
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Event):
    """A model was loaded. `memory_bytes` is the predicted peak; `measured_bytes` the measured one, if any."""

    model: str
    precision: str
    backend: str
    device: str
    memory_bytes: int
    measured_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evicted(Event):
    """A model was unloaded: for the room of another, because nobody used it for `keep_alive`, or at the end."""

    model: str
    precision: str
    backend: str
    device: str
    why: Literal["room", "keep_alive", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent(Event):
    """A request got its model after `seconds`, loading included; `waiting` is how many requests wait now."""

    model: str
    precision: str
    backend: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated(Event):
    """A model gave an answer to a step, in `seconds` without the wait for it."""

    step: str
    attempt: int
    task: Task
    choice: Choice
    generation: Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Event):
    """An answer was checked."""

    step: str
    attempt: int
    task: Task
    check: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    """A rejected answer is tried again, or not."""

    step: str
    attempt: int
    task: Task
    escalation: Escalation


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed(Event):
    """The answers of all steps were joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """The answer, or the refusal, leaves the router `seconds` after the call began."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    """The request ended in an error, `seconds` after it came."""

    error: BaseException


class Events:
    """Sends events to every observer.

    Attributes:
        faults: How often each observer failed, by the plugin's name.
    """

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self._hook = manager.hook.observe
        self._lock = threading.Lock()
        self.faults: Counter[str] = Counter()

    def emit(self, event: Event) -> None:
        """Tell every observer, one by one, so that a raising one can't hide the event from the others."""
        for impl in self._hook.get_hookimpls():
            try:
                call_impl(impl, {"event": event})
            except Exception as fault:
                self._note(impl.plugin_name, event, fault)

    def _note(self, observer: str, event: Event, fault: Exception) -> None:
        with self._lock:
            self.faults[observer] += 1
            first = self.faults[observer] == 1
        if first:
            _log.warning(
                "Observer %s failed on %s: %r. Later faults of it are only counted.",
                observer,
                type(event).__name__,
                fault,
            )
