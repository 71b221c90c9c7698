"""Makes a decision's row."""

from __future__ import annotations

from typing import NamedTuple

from qwen_router import Decision
from qwen_router.traces import Packed, Trace
from qwen_router.traces.packed import whole
from qwen_router.traces.trace import Status


class Outcome(NamedTuple):
    """What came of a call; `kind`, `seconds` as in a `Trace`."""

    status: Status
    kind: str
    seconds: float
    text: str = ""
    """That of the answer."""


def row_of(decision: Decision, outcome: Outcome, user: str, packed: Packed) -> Trace:
    """Return the row.

    Args:
        user: What is kept of the user's name.
    """
    attempts, winners = decision.attempts, [choice.winner for choice in decision.choices.values()]
    return Trace(
        id=None,
        request_id=whole(decision.request_id),
        created=decision.created,
        user=user,
        status=outcome.status,
        kind=outcome.kind,
        task=decision.classification.task if decision.classification else "",
        models=" ".join([winner.model for winner in winners]),
        thinking=any(winner.thinking for winner in winners),
        attempts=len(attempts),
        escalations=sum([e.action != "stop" for e in decision.escalations]),
        seconds=outcome.seconds,
        first_token=attempts[0].timings.wait + attempts[0].timings.first_token if attempts else None,
        generate=sum([a.timings.generate for a in attempts]),
        input_tokens=sum([a.usage.input_tokens for a in attempts]),
        output_tokens=sum([a.usage.output_tokens for a in attempts]),
        thinking_tokens=sum([a.usage.thinking_tokens for a in attempts]),
        body=packed.body,
    )
