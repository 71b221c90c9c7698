"""Tells the events of a call again that is over, as far as the store of decisions knows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qwen_router import Attempt, Decision, Event, Generation
from qwen_router.events import Checked, Denied, Escalated, Generated, Lent, Selected


def events_of(decision: Decision) -> Iterator[Event]:
    """Yield what was decided and what models gave; what took how long inside the router, nobody has kept."""
    classification, id = decision.classification, decision.request_id
    if decision.denied is not None:
        yield Denied(id, verdict=decision.denied)
    made: Counter[str] = Counter()
    for attempt in decision.attempts:
        made[attempt.step] += 1
        step, number, task, choice = attempt.step, made[attempt.step], attempt.task, attempt.choice
        assert classification is not None
        asked = classification.model_copy(update={"task": task})
        yield Selected(id, step=step, attempt=number, classification=asked, choice=choice)
        yield _lent(decision, attempt)
        said = Generation(text="", usage=attempt.usage, timings=attempt.timings)
        seconds = attempt.timings.generate
        yield Generated(id, seconds, step=step, attempt=number, task=task, choice=choice, generation=said)
        yield Checked(id, step=step, attempt=number, task=task, check=attempt.check)
    asked_for = classification.task if classification is not None else ""
    for escalation in decision.escalations:
        yield Escalated(id, step="", attempt=1, task=escalation.task or asked_for, escalation=escalation)


def _lent(decision: Decision, attempt: Attempt) -> Lent:
    won = attempt.choice.winner
    return Lent(
        decision.request_id,
        attempt.timings.wait,
        model=won.model,
        precision=won.precision,
        backend=won.backend,
        waiting=0,
    )
