"""Decides without running a model: what a request is, its steps, and what each step runs on."""

from __future__ import annotations

import time
from collections.abc import Sequence

from langchain_core.messages import AnyMessage

from qwen_router import guards
from qwen_router.candidates import list_candidates, missing_backends
from qwen_router.choice import Candidate, Choice
from qwen_router.errors import BackendError, InputError, NoModelFits, RouterError
from qwen_router.hooks import call_impl
from qwen_router.request import Request
from qwen_router.resources import Resources
from qwen_router.services import Services
from qwen_router.types import Classification, Decision, Escalation, Plan, Step, Usage, Verdict


def admit(services: Services, request: Request, earlier: Sequence[AnyMessage] = ()) -> tuple[Request, Verdict | None]:
    """Ask the guards; return the request as they rewrote it, and the denial, if any.

    Args:
        earlier: What is kept of the conversation. The guards see it too, and rewrite it: it is kept as it was written.

    Raises:
        InputError: There is nothing to answer.
    """
    _check_not_empty(request)
    if earlier:
        request = request.model_copy(update={"messages": (*earlier, *request.messages)})
    request, denied = guards.check_request(services.manager, request, services.settings)
    if denied is None and not earlier:
        _check_not_empty(request)
    return request, denied


def classify(services: Services, request: Request) -> Classification:
    """Classify a request, let plugins refine it, and obey the caller's hint.

    Raises:
        UnknownTask: The hint names a task that no specialist serves.
    """
    result: Classification = services.classifier.classify(request)
    for impl in services.manager.hook.classify.get_hookimpls():
        values = {"request": request, "classification": result, "settings": services.settings}
        result = call_impl(impl, values) or result
    if task := request.hints.task:
        services.registry.specialist(task)
        result = result.model_copy(update={"task": task, "confidence": 1.0})
    return result


def make_plan(services: Services, request: Request, classification: Classification) -> Plan:
    """Split a request into steps; one step when no plugin splits it."""
    plan: Plan | None = None
    if request.hints.task is None and services.settings.router.max_steps > 1:
        plan = services.manager.hook.plan(
            request=request,
            classification=classification,
            classify_text=services.classifier.classify_text,
            settings=services.settings,
        )
    if plan is None:
        return Plan(steps=(Step(id="1", task=classification.task, prompt=request.text),))
    _check_plan(services, plan)
    return plan


def choose(
    services: Services,
    request: Request,
    classification: Classification,
    step: Step,
    *,
    tried: tuple[Candidate, ...] = (),
    escalation: Escalation | None = None,
) -> Choice:
    """Choose what a step runs on.

    Args:
        tried: What already answered this step and was rejected.
        escalation: How to go on from there.

    Raises:
        NoModelFits: No candidate can be used; the message says what would help.
    """
    if escalation is not None and escalation.action == "thinking":
        request = request.model_copy(update={"hints": request.hints.model_copy(update={"thinking": True})})
    specialist = services.registry.specialist(step.task)
    candidates = list_candidates(services, specialist, request, classification)
    if escalation is not None:
        candidates = [_after(candidate, tried, escalation) for candidate in candidates]
    if not candidates:
        raise NoModelFits(f"No backend can run a model for the task {step.task} here.", missing_backends(services))
    return size(services, candidates, classification, request)


def size(
    services: Services,
    candidates: list[Candidate],
    classification: Classification,
    request: Request,
    *,
    resources: Resources | None = None,
) -> Choice:
    """Ask the sizing policies.

    Args:
        resources: The machine to choose for; `None` for this one.

    Raises:
        NoModelFits: No candidate can be used; the message says what would help.
        BackendError: None can be used until one that failed to load is tried again.
    """
    try:
        choice: Choice | None = services.manager.hook.size(
            candidates=candidates,
            classification=classification,
            request=request,
            resources=resources or services.resources(),
            settings=services.settings,
        )
    except NoModelFits as error:
        cooling = services.pool.cooling()
        if reason := next((cooling[c.key] for c in candidates if c.key in cooling), None):
            raise BackendError(f"No model can answer now. {reason}") from None
        faults = " ".join(b.fault for b in services.registry.backends.values() if b.fault)
        raise NoModelFits(f"{error.what} {faults}".strip(), error.fix, candidates=error.candidates) from None
    if choice is None:
        raise NoModelFits("No sizing policy made a choice.", "Register one; qwen_router_policies.sizing is built in.")
    return choice


def explain(services: Services, request: Request) -> Decision:
    """Return the decision for a request; no model is loaded."""
    created = time.time()
    try:
        return _explained(services, request, created)
    finally:
        guards.settle(services.manager, request, None, Usage(), services.settings)


def _explained(services: Services, request: Request, created: float) -> Decision:
    request, denied = admit(services, request)
    if denied is not None:
        return Decision(request_id=request.id, created=created, denied=denied)
    classification = classify(services, request)
    plan = make_plan(services, request, classification)
    choices = {
        step.id: choose(services, step_request(request, step, plan, {}), classification, step) for step in plan.steps
    }
    return Decision(request_id=request.id, created=created, classification=classification, plan=plan, choices=choices)


def step_request(request: Request, step: Step, plan: Plan, answers: dict[str, str]) -> Request:
    """Return the request of one step: its own prompt, after the answers that it needs."""
    if len(plan.steps) == 1:
        return request
    given = [f"Answer to part {need}:\n{answers[need]}" for need in step.needs if need in answers]
    return request.with_text("\n\n".join([*given, step.prompt]))


def _check_not_empty(request: Request) -> None:
    """Refuse a request without a word, an image or a sound.

    Raises:
        InputError: There is nothing to answer.
    """
    if not request.text.strip() and set(request.modalities) <= {"text"}:
        raise InputError("The request is empty.", "Write what you want to know.")


def _after(candidate: Candidate, tried: tuple[Candidate, ...], escalation: Escalation) -> Candidate:
    """Reject what an escalation passes over."""
    last = tried[-1]
    if escalation.action == "larger":
        out = candidate.quality <= last.quality and "An answer of this quality was rejected already."
    elif escalation.action == "thinking":
        out = not (candidate.thinking and candidate.model == last.model) and "The same model is asked to think."
    else:
        out = candidate.key != last.key and "The same model is asked again."
    return candidate.model_copy(update={"rejected": out}) if out else candidate


def _check_plan(services: Services, plan: Plan) -> None:
    """Refuse a plan that could not run.

    Raises:
        RouterError: Too many steps, an id used twice, or a need that no earlier step meets.
    """
    most = services.settings.router.max_steps
    if len(plan.steps) > most:
        raise RouterError(f"The plan has {len(plan.steps)} steps; {most} are allowed.", "Raise router.max_steps.")
    known: set[str] = set()
    for step in plan.steps:
        if step.id in known or not known.issuperset(step.needs):
            raise RouterError(
                f"The plan's step {step.id} is given twice or needs a step that doesn't come before it.",
                "Mend the plugin that made the plan.",
            )
        services.registry.specialist(step.task)
        known.add(step.id)
