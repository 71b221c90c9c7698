"""One row of the store."""

from __future__ import annotations

from typing import Literal, NamedTuple

Status = Literal["answered", "refused", "failed"]


class Trace(NamedTuple):
    """A decision and its outcome, as one row of the store. `TraceStore.decision` gives the decision itself.

    Attributes:
        id: Rows are numbered as they are written, whatever the clock says; `None` before that.
        created: Unix time in seconds.
        user: A keyed hash of the user's name.
        kind: Why the answer ended (`stop`, `length`, ...), the guard's word for a refusal, or the type of the error.
        task: Empty where the call ended before it was known.
        models: Those that answered, or were to answer when it failed, one a step, separated by spaces.
        thinking: Whether one of them was to think.
        attempts: Answers that were made and checked.
        escalations: How often a rejected answer was to be tried again.
        seconds: From the beginning of the call to its end.
        first_token: Seconds from the call to the model until its first token, the wait for the model included; `None`
            where there was none.
        generate: Seconds that models took for all attempts.
        body: A `PackedDecision` as JSON.
    """

    id: int | None
    request_id: str
    created: float
    user: str
    status: Status
    kind: str
    task: str
    models: str
    thinking: bool
    attempts: int
    escalations: int
    seconds: float
    first_token: float | None
    generate: float
    input_tokens: int
    output_tokens: int
    thinking_tokens: int
    body: str


COLUMNS = ", ".join(Trace._fields)
