"""Watches calls, and stores what was decided and what came of it."""

from __future__ import annotations

from qwen_router import Answer, Event, Settings, hookimpl
from qwen_router.events import Admitted, Answered, Checked, Classified, Escalated, Failed, Generated, Planned, Selected
from qwen_router.traces import path_of
from qwen_router_plugins.observers.traces.content import Content
from qwen_router_plugins.observers.traces.row import Outcome
from qwen_router_plugins.observers.traces.unfinished import unfinished_decision
from qwen_router_plugins.observers.traces.writer import Writer

_TOLD = frozenset((Admitted, Classified, Planned, Selected, Generated, Checked, Escalated))
"""What says how far a call came. One that fails has no decision of its own."""


class Traces:
    """Stores each decision before its answer is delivered: what is delivered is in the store, whatever happens next.

    Nothing is opened before the first call is over.
    """

    def __init__(self) -> None:
        self._writer: Writer | None = None
        self._told: dict[str, list[Event]] = {}

    @hookimpl
    def start(self, settings: Settings) -> None:
        """Take the settings."""
        if settings.traces.enabled:
            self._writer = Writer(path_of(settings), settings.traces, Content(settings))

    @hookimpl
    def stop(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    @hookimpl
    def observe(self, event: Event) -> None:
        """Store the decision of a call that is over.

        Raises:
            TracesError: It can't be stored.
        """
        if self._writer is None:
            return
        if type(event) in _TOLD:
            self._told.setdefault(event.request_id, []).append(event)
        elif isinstance(event, Answered):
            self._told.pop(event.request_id, None)
            self._writer.write(event.answer.decision, _outcome(event.answer, event.seconds))
        elif isinstance(event, Failed):
            told = self._told.pop(event.request_id, ())
            decision = unfinished_decision(event.request_id, event.at - event.seconds, told)
            self._writer.write(decision, Outcome("failed", type(event.error).__name__, event.seconds))


def _outcome(answer: Answer, seconds: float) -> Outcome:
    decision = answer.decision
    if decision.denied is not None:
        return Outcome("refused", decision.denied.kind, seconds)
    reason = decision.attempts[-1].finish_reason if decision.attempts else "stop"
    return Outcome("answered", reason, seconds, answer.text)
