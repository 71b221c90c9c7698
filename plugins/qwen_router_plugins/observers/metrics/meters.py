"""Counts what events tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry

from qwen_router import Event, InputError
from qwen_router.events import (
    Admitted,
    Answered,
    Begun,
    Checked,
    Classified,
    Composed,
    Denied,
    Escalated,
    Evicted,
    Failed,
    Generated,
    Lent,
    Loaded,
    Planned,
    Selected,
)
from qwen_router_plugins.observers.metrics import catalogue
from qwen_router_plugins.observers.metrics.family import Family

_STOPPED = ("Cancelled", "KeyboardInterrupt", "GeneratorExit")
_STEPS: dict[type[Event], str] = {
    Admitted: "admit",
    Classified: "classify",
    Planned: "plan",
    Selected: "select",
    Generated: "generate",
    Checked: "verify",
    Escalated: "escalate",
    Composed: "compose",
}


class Meters:
    """All that is counted, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._families = {metric: Family(metric, registry) for metric in catalogue.COUNTED}
        self._steps = self._families[catalogue.STEP_SECONDS]
        self._count: dict[type[Event], Callable[[Any], None]] = {
            Begun: self._begun,
            Denied: self._denied,
            Selected: self._selected,
            Lent: self._lent,
            Loaded: self._loaded,
            Evicted: self._evicted,
            Generated: self._generated,
            Checked: self._checked,
            Escalated: self._escalated,
            Answered: self._answered,
            Failed: self._failed,
        }
        for outcome in ("answered", "refused", "cancelled", "failed"):
            self._families[catalogue.REQUESTS].show(outcome)
            self._families[catalogue.REQUEST_SECONDS].show(outcome)
        for queue in ("call", "model"):
            self._families[catalogue.QUEUE_SECONDS].show(queue)
        for step in _STEPS.values():
            self._steps.show(step)

    def count(self, event: Event) -> None:
        """Count what an event tells, and the time of its step."""
        if (step := _STEPS.get(type(event))) is not None:
            self._steps.observe(event.seconds, step)
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Count what an event tells."""
        if (count := self._count.get(type(event))) is not None:
            count(event)

    def ended(self, outcome: str, seconds: float) -> None:
        """Count a call that is over."""
        self._families[catalogue.REQUESTS].add(1, outcome)
        self._families[catalogue.REQUEST_SECONDS].observe(seconds, outcome)

    def failed(self, error: str, seconds: float, *, callers: bool) -> None:
        """Count a call that ended in an error, by its class, and whether it was the caller's fault."""
        if error in _STOPPED:
            self.ended("cancelled", seconds)
            return
        self.ended("failed", seconds)
        self._families[catalogue.ERRORS].add(1, error, "caller" if callers else "router")

    def _begun(self, event: Begun) -> None:
        self._families[catalogue.QUEUE_SECONDS].observe(event.seconds, "call")

    def _denied(self, event: Denied) -> None:
        self._families[catalogue.REFUSALS].add(1, event.verdict.kind)

    def _selected(self, event: Selected) -> None:
        won = event.choice.winner
        thinking = "yes" if won.thinking else "no"
        self._families[catalogue.DECISIONS].add(
            1, event.classification.task, won.model, won.offer.precision, won.backend, thinking
        )

    def _lent(self, event: Lent) -> None:
        self._families[catalogue.QUEUE_SECONDS].observe(event.seconds, "model")

    def _loaded(self, event: Loaded) -> None:
        self._families[catalogue.LOAD_SECONDS].observe(event.seconds, event.model, event.precision, event.backend)

    def _evicted(self, event: Evicted) -> None:
        self._families[catalogue.EVICTIONS].add(1, event.model, event.why)

    def _generated(self, event: Generated) -> None:
        won, usage = event.choice.winner, event.generation.usage
        tokens = self._families[catalogue.TOKENS]
        tokens.add(usage.input_tokens, won.model, "input")
        tokens.add(usage.thinking_tokens, won.model, "thinking")
        tokens.add(usage.output_tokens - usage.thinking_tokens, won.model, "answer")
        self._families[catalogue.FIRST_TOKEN].observe(event.generation.timings.first_token, won.model)
        if usage.output_tokens and event.seconds > 0:
            rate = usage.output_tokens / event.seconds
            self._families[catalogue.RATE].observe(rate, won.model, won.offer.precision, won.backend)

    def _checked(self, event: Checked) -> None:
        self._families[catalogue.CHECKS].add(1, event.task, event.check.status)

    def _escalated(self, event: Escalated) -> None:
        self._families[catalogue.ESCALATIONS].add(1, event.task, event.escalation.action)

    def _answered(self, event: Answered) -> None:
        self.ended("refused" if event.answer.refused else "answered", event.seconds)

    def _failed(self, event: Failed) -> None:
        self.failed(type(event.error).__name__, event.seconds, callers=isinstance(event.error, InputError))
