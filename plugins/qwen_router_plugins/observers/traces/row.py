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
    read = written = thought = 0
    generate = 0.0
    # One loop and not a sum each: every call waits for this.
    for attempt in attempts:
        usage = attempt.usage
        read += usage.input_tokens
        written += usage.output_tokens
        thought += usage.thinking_tokens
        generate += attempt.timings.generate
    return Trace(
        id=None,
        request_id=whole(decision.request_id),
        created=decision.created,
        user=user,
        status=outcome.status,
        kind=outcome.kind,
        task=decision.classification.task if decision.classification else "",
        models=" ".join([winner.model for winner in winners]),
        thinking=True in [winner.thinking for winner in winners],
        attempts=len(attempts),
        escalations=len([e for e in decision.escalations if e.action != "stop"]) if decision.escalations else 0,
        seconds=outcome.seconds,
        first_token=attempts[0].timings.wait + attempts[0].timings.first_token if attempts else None,
        generate=generate,
        input_tokens=read,
        output_tokens=written,
        thinking_tokens=thought,
        body=packed.body,
    )
