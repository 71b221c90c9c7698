"""Writes one log line an event, without any content."""

from __future__ import annotations

import logging

from qwen_router import hookimpl
from qwen_router.events import Answered, Classified, Denied, Escalated, Event, Evicted, Failed, Loaded, Selected

_log = logging.getLogger("qwen_router.calls")


@hookimpl
def observe(event: Event) -> None:
    """Log what was decided, never what was said."""
    match event:
        case Classified(classification=c):
            _log.info("%s is %s (%.0f %%), difficulty %.2f", event.request_id, c.task, 100 * c.confidence, c.difficulty)
        case Selected(choice=choice, attempt=attempt):
            w = choice.winner
            _log.info("%s attempt %d: %s %s %s", event.request_id, attempt, w.model, w.precision, w.backend)
        case Loaded():
            _log.info("loaded %s %s in %.1f s", event.model, event.precision, event.seconds)
        case Evicted():
            _log.info("evicted %s %s: %s", event.model, event.precision, event.why)
        case Denied(verdict=verdict):
            _log.info("%s denied: %s", event.request_id, verdict.kind)
        case Escalated(escalation=escalation):
            _log.info("%s escalates: %s", event.request_id, escalation.action)
        case Answered(answer=answer):
            _log.info("%s answered in %.2f s, %d tokens", event.request_id, event.seconds, answer.usage.output_tokens)
        case Failed(error=error):
            # The caller is told: an error here would say it twice.
            _log.info("%s failed: %s", event.request_id, type(error).__name__)
