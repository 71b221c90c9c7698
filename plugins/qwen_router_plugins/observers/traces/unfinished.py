"""Puts together what was decided in a call that failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qwen_router import Attempt, Choice, Decision, Escalation, Event, Generation
from qwen_router.events import Admitted, Checked, Classified, Escalated, Generated, Planned, Selected


def unfinished_decision(request_id: str, created: float, events: Iterable[Event]) -> Decision:
    """Return the decision as far as it came.

    Args:
        created: When the call began, Unix time in seconds.
        events: What observers were told of the call.
    """
    found: dict[str, Any] = {}
    choices: dict[str, Choice] = {}
    said: dict[str, tuple[Choice, Generation]] = {}
    attempts: list[Attempt] = []
    escalations: list[Escalation] = []
    for event in events:
        match event:
            case Admitted(request=request):
                found["request"] = request.shape
            case Classified(classification=classification):
                found["classification"] = classification
            case Planned(plan=plan):
                found["plan"] = plan
            case Selected(step=step, choice=choice):
                choices[step] = choice
            case Generated(step=step, choice=choice, generation=generation):
                said[step] = choice, generation
            case Checked(step=step) if step in said:
                attempts.append(_attempt(event, *said[step]))
            case Escalated(escalation=escalation):
                escalations.append(escalation)
    return Decision(
        request_id=request_id,
        created=created,
        choices=choices,
        attempts=tuple(attempts),
        escalations=tuple(escalations),
        **found,
    )


def _attempt(event: Checked, choice: Choice, generation: Generation) -> Attempt:
    return Attempt(
        step=event.step,
        task=event.task,
        choice=choice,
        check=event.check,
        usage=generation.usage,
        timings=generation.timings,
        finish_reason=generation.finish_reason,
    )
