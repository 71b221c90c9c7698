"""Decides without running a model: what a request is, its steps, and what each step runs on."""

from __future__ import annotations

import time
from collections.abc import Sequence

from langchain_core.messages import AnyMessage, ToolMessage

from qwen_router import composing, guards
from qwen_router.candidates import list_candidates, missing_backends
from qwen_router.choice import Candidate, Choice
from qwen_router.errors import BackendError, InputError, NoModelFits, RouterError
from qwen_router.hooks import call_impl
from qwen_router.languages import NAMES
from qwen_router.plan_checking import fault_of
from qwen_router.request import Request, estimated_tokens
from qwen_router.resources import Resources
from qwen_router.senses import media_cost
from qwen_router.services import Services
from qwen_router.types import Classification, Decision, Escalation, Plan, Step, Usage


def admit(services: Services, request: Request, earlier: Sequence[AnyMessage] = ()) -> guards.Admission:
    """Ask the guards what they make of a request.

    Args:
        earlier: What is kept of the conversation. The guards see it too, and rewrite it: it is kept as it was written.

    Raises:
        InputError: There is nothing to answer.
    """
    _check_not_empty(request)
    if earlier:
        request = request.model_copy(update={"messages": (*earlier, *request.messages)})
    admission = guards.check_request(services.manager, request, services.settings)
    if admission.denied is None and not earlier:
        _check_not_empty(admission.request)
    return admission


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
        result = result.model_copy(update={"task": task, "confidence": 1.0, "runner_up": None})
    return result


def make_plan(
    services: Services, request: Request, classification: Classification, proposed: Plan | None = None
) -> Plan:
    """Split a request into steps; one step when no plugin splits it.

    Args:
        proposed: A plan that was made and checked already; the plugins aren't asked then.

    Raises:
        RouterError: A plugin's plan can't run.
    """
    if request.languages:
        return _by_language(services, request, classification)
    plan = proposed
    if plan is None and may_split(services, request):
        plan = services.manager.hook.plan(
            request=request,
            classification=classification,
            classify_text=services.classifier.classify_text,
            settings=services.settings,
        )
    if plan is None:
        return Plan(steps=(Step(id="1", task=classification.task, prompt=request.text),))
    if fault := fault_of(plan, services.registry.specialists, services.settings.router.max_steps):
        raise RouterError(fault, "Mend the plugin that made the plan.")
    if services.settings.router.compose == "merge" and len(plan.steps) > 1 and not plan.merged:
        return composing.with_merger(plan, request.text)
    return plan


def _by_language(services: Services, request: Request, classification: Classification) -> Plan:
    """Return one step a language.

    Raises:
        InputError: A language is unknown, or there are too many.
    """
    if unknown := [code for code in request.languages if code.partition("-")[0] not in NAMES]:
        raise InputError(f"The language {unknown[0]!r} is unknown.", f"Take some of {', '.join(sorted(NAMES))}.")
    codes, most = tuple(dict.fromkeys(request.languages)), services.settings.router.max_steps
    if len(codes) > most:
        raise InputError(f"{len(codes)} languages are asked for; {most} are allowed.", "Raise router.max_steps.")
    task, prompt = classification.task, request.text
    return Plan(steps=tuple(Step(id=str(i), task=task, prompt=prompt, language=c) for i, c in enumerate(codes, 1)))


def of_step(classification: Classification, step: Step, plan: Plan) -> Classification:
    """Return the classification as it holds for one step; what a part could be instead, nobody has asked."""
    update: dict[str, str | None] = {"task": step.task, "language": step.language or classification.language}
    if len(plan.steps) > 1:
        update |= {"runner_up": None}
    return classification.model_copy(update=update)


def may_split(services: Services, request: Request) -> bool:
    """Tell whether a request may become several steps: its task is not given, nor a form for the whole answer."""
    if request.languages or request.tools:
        return False
    return request.hints.task is None and request.json_schema is None and services.settings.router.max_steps > 1


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
    """Ask the sizing policies, and add what the winner makes of the attachments, and what the choice rests on.

    Args:
        resources: The machine to choose for; `None` for this one.

    Raises:
        NoModelFits: No candidate can be used; the message says what would help.
        BackendError: None can be used until one that failed to load is tried again.
    """
    machine = resources or services.resources()
    try:
        choice: Choice | None = services.manager.hook.size(
            candidates=[c if c.rejected is None else c.model_copy(update={"barred": True}) for c in candidates],
            classification=classification,
            request=request,
            resources=machine,
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
    basis: dict[str, object] = {"tokens": estimated_tokens(request, 0), "resources": machine}
    if classification.media:
        model_type = services.catalogue.find(choice.winner.model).model_type
        basis["media"] = tuple(media_cost(model_type, a) for a in classification.media)
    return choice.model_copy(update=basis)


def explain(services: Services, request: Request) -> Decision:
    """Return the decision for a request; no model is loaded."""
    created = time.time()
    try:
        return _explained(services, request, created)
    finally:
        guards.settle(services.manager, request, None, Usage(), services.settings)


def _explained(services: Services, request: Request, created: float) -> Decision:
    request, denied, noted = admit(services, request)
    if denied is not None:
        return Decision(request_id=request.id, created=created, request=request.shape, denied=denied, noted=noted)
    classification = classify(services, request)
    plan = make_plan(services, request, classification)
    choices = {
        step.id: choose(
            services, step_request(services, request, step, plan, {}), of_step(classification, step, plan), step
        )
        for step in plan.steps
    }
    return Decision(
        request_id=request.id,
        created=created,
        request=request.shape,
        classification=classification,
        plan=plan,
        choices=choices,
        noted=noted,
    )


def step_request(services: Services, request: Request, step: Step, plan: Plan, answers: dict[str, str]) -> Request:
    """Return the request of one step: its own prompt, after what all have to know and the answers that it needs.

    It carries the attachments that its specialist reads.
    """
    if step.language:
        return request.model_copy(update={"languages": (step.language,)})
    if len(plan.steps) == 1:
        return request
    given = [f"Answer to part {need}:\n{answers[need]}" for need in step.needs if need in answers]
    text = "\n\n".join(filter(None, [plan.context, *given, step.prompt]))
    return request.with_text(text, kinds=services.registry.specialist(step.task).modalities)


def _check_not_empty(request: Request) -> None:
    """Refuse a request without a word, an image or a sound.

    Raises:
        InputError: There is nothing to answer.
    """
    if isinstance(request.messages[-1], ToolMessage):
        # A tool may well return nothing.
        return
    if not request.text.strip() and set(request.modalities) <= {"text"}:
        raise InputError("The request is empty.", "Write what you want to know.")


def _after(candidate: Candidate, tried: tuple[Candidate, ...], escalation: Escalation) -> Candidate:
    """Reject what an escalation passes over."""
    last = tried[-1]
    if escalation.action == "larger":
        out = candidate.quality <= last.quality and "An answer of this quality was rejected already."
    elif escalation.action == "specialist":
        return candidate
    elif escalation.action == "thinking":
        out = not (candidate.thinking and candidate.model == last.model) and "The same model is asked to think."
    else:
        out = candidate.key != last.key and "The same model is asked again."
    return candidate.model_copy(update={"rejected": out}) if out else candidate
