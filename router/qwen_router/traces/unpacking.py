"""Makes decisions again of what the store keeps of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from qwen_router.choice import Candidate, Choice
from qwen_router.resources import Resources
from qwen_router.traces.packed import PackedChoice, PackedDecision, PackedPlan, Slate
from qwen_router.traces.trace import Trace
from qwen_router.types import Attempt, Decision, Plan, Step

Slates = Callable[[int], Slate]


def read_slate(body: bytes) -> Slate:
    """Return a slate of its compressed JSON."""
    return Slate.model_validate_json(zlib.decompress(body))


def unpack(trace: Trace, packed: PackedDecision, slates: Slates) -> Decision:
    """Return the decision of a row."""
    choices = [_choice(choice, slates(choice.slate)) for choice in packed.choices]
    return Decision(
        request_id=trace.request_id,
        created=trace.created,
        request=packed.request and packed.request.model_copy(update={"user": trace.user}),
        classification=packed.classification,
        plan=None if packed.plan is None else _plan(packed.plan),
        choices={step: choices[at] for step, at in packed.latest.items()},
        attempts=tuple(
            Attempt(
                step=a.step,
                task=a.task,
                choice=choices[a.choice],
                check=a.check,
                usage=a.usage,
                timings=a.timings,
                finish_reason=a.finish_reason,
            )
            for a in packed.attempts
        ),
        escalations=packed.escalations,
        denied=packed.denied,
    )


def _plan(packed: PackedPlan) -> Plan:
    steps = tuple(Step(id=s.id, task=s.task, prompt=s.prompt, needs=s.needs, language=s.language) for s in packed.steps)
    return Plan(steps=steps, context=packed.context, merged=packed.merged)


def _choice(packed: PackedChoice, slate: Slate) -> Choice:
    candidates = list(slate.candidates)
    for place, changes in packed.candidates.items():
        candidates[place] = candidates[place].model_copy(update=changes)
    winner = packed.winner if isinstance(packed.winner, Candidate) else candidates[packed.winner]
    return Choice(
        winner=winner,
        reason=packed.reason,
        candidates=tuple(candidates),
        media=packed.media,
        tokens=packed.tokens,
        resources=_machine(slate.resources, packed),
    )


def _machine(resources: Resources | None, packed: PackedChoice) -> Resources | None:
    if resources is None or not packed.machine:
        return resources
    return Resources.model_validate({**dict(resources), **packed.machine})
