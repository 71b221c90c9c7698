"""Writes a log line an event: what was decided and how long it took, never what was said."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from qwen_router import hookimpl
from qwen_router.events import (
    Admitted,
    Answered,
    Begun,
    Checked,
    Classified,
    Composed,
    Denied,
    Escalated,
    Event,
    Evicted,
    Failed,
    Generated,
    Lent,
    Loaded,
    Planned,
    Selected,
)

if TYPE_CHECKING:
    import structlog

_calls = logging.getLogger("qwen_router.calls")
_Fields = Callable[[Any], dict[str, object]]


@hookimpl
def observe(event: Event) -> None:
    """Log the event if anybody listens; its fields are attributes of the record."""
    if not _calls.isEnabledFor(logging.INFO):
        return
    level, name, fields = _TOLD.get(type(event), _UNKNOWN)
    if _calls.isEnabledFor(level):
        about = {"request_id": event.request_id} if event.request_id else {}
        _logger().log(level, name, **about, seconds=round(event.seconds, 6), **fields(event))


@functools.cache
def _logger() -> structlog.stdlib.BoundLogger:
    """Return a logger that hands its lines to `logging`, and leaves the rest to the application."""
    # Late: nobody may ever listen.
    import structlog

    kind = structlog.stdlib.BoundLogger
    made: structlog.stdlib.BoundLogger = structlog.wrap_logger(_calls, [_as_record], wrapper_class=kind).bind()
    return made


def _as_record(_logger: object, _method: str, event: Mapping[str, object]) -> tuple[tuple[str, str], dict[str, object]]:
    """Return what `logging` takes: a text for people, and the fields for formatters that know what to do with them."""
    text = " ".join([str(event["event"]), *(f"{name}={event[name]}" for name in event if name != "event")])
    # Apart from its format, because it may hold a percent sign.
    return ("%s", text), {"extra": event}


def _classified(event: Classified) -> dict[str, object]:
    found = event.classification
    return {
        "task": found.task,
        "confidence": round(found.confidence, 3),
        "difficulty": round(found.difficulty, 3),
        "language": found.language,
        "stage": found.stage,
    }


def _selected(event: Selected) -> dict[str, object]:
    winner = event.choice.winner
    return {
        "step": event.step,
        "attempt": event.attempt,
        "model": winner.model,
        "precision": winner.precision,
        "backend": winner.backend,
        "thinking": winner.thinking,
    }


def _generated(event: Generated) -> dict[str, object]:
    made = event.generation
    return {
        "step": event.step,
        "attempt": event.attempt,
        "model": event.choice.winner.model,
        "output_tokens": made.usage.output_tokens,
        "finish_reason": made.finish_reason,
    }


def _answered(event: Answered) -> dict[str, object]:
    usage = event.answer.usage
    return {
        "refused": event.answer.refused,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "thinking_tokens": usage.thinking_tokens,
    }


def _place(event: Loaded | Evicted | Lent) -> dict[str, object]:
    return {"model": event.model, "precision": event.precision, "backend": event.backend}


_UNKNOWN: tuple[int, str, _Fields] = (logging.DEBUG, "event", lambda e: {"type": type(e).__name__})
_TOLD: dict[type[Event], tuple[int, str, _Fields]] = {
    Begun: (logging.DEBUG, "begun", lambda _: {}),
    Admitted: (logging.DEBUG, "admitted", lambda _: {}),
    Denied: (logging.INFO, "denied", lambda e: {"kind": e.verdict.kind}),
    Classified: (logging.INFO, "classified", _classified),
    Planned: (logging.DEBUG, "planned", lambda e: {"steps": len(e.plan.steps)}),
    Selected: (logging.INFO, "selected", _selected),
    Loaded: (logging.INFO, "loaded", lambda e: {**_place(e), "memory_bytes": e.measured_bytes or e.memory_bytes}),
    Evicted: (logging.INFO, "evicted", lambda e: {**_place(e), "why": e.why}),
    Lent: (logging.DEBUG, "lent", lambda e: {**_place(e), "waiting": e.waiting}),
    Generated: (logging.DEBUG, "generated", _generated),
    Checked: (logging.DEBUG, "checked", lambda e: {"step": e.step, "attempt": e.attempt, "status": e.check.status}),
    Escalated: (logging.INFO, "escalates", lambda e: {"step": e.step, "action": e.escalation.action}),
    Composed: (logging.DEBUG, "composed", lambda _: {}),
    Answered: (logging.INFO, "answered", _answered),
    # The caller is told what went wrong: an error here would say it twice, and its text may hold content.
    Failed: (logging.INFO, "failed", lambda e: {"error": type(e.error).__name__}),
}
