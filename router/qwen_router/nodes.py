"""The graph's nodes, in flow order: one function a step."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from qwen_router import composing, deciding, guards, model_planning, step_events
from qwen_router.advice import stand_in_note
from qwen_router.call import Call
from qwen_router.choice import ModelKey
from qwen_router.errors import DeadlineExceeded, NoModelFits, OutOfMemory
from qwen_router.events import Admitted, Answered, Classified, Composed, Denied, Planned
from qwen_router.generating import generate as run_model
from qwen_router.judging import best_of, judge
from qwen_router.moderating import moderate
from qwen_router.restoring import restore_answer
from qwen_router.services import Services
from qwen_router.state import Clock, Result, State, Work
from qwen_router.stepping_down import step_down
from qwen_router.tie_breaking import break_tie
from qwen_router.types import Answer, Attempt, Decision, Escalation, Timings, Usage

_STOP = Escalation(action="stop", why="No policy knows anything better to try.")


def admit(state: State, runtime: Runtime[Call]) -> Command[Literal["classify", "release"]]:
    """Put the conversation so far before the request, let the guards see it, and send it on or refuse it."""
    services, clock = runtime.context.services, Clock()
    turns = list(state["request"].messages)
    # Set anew, whatever came with the request: the caller has no say in it.
    asked = state["request"].model_copy(update={"moderation": moderate(services, state["request"])})
    request, denied, noted = deciding.admit(services, asked, state.get("history", ()))
    if denied is not None:
        services.events.emit(Denied(request.id, clock.elapsed, verdict=denied))
        return Command(update={"request": request, "clock": clock, "denied": denied, "noted": noted}, goto="release")
    runtime.context.restoration.learn(request)
    services.events.emit(Admitted(request.id, clock.elapsed, request=request))
    return Command(update={"request": request, "clock": clock, "turns": turns, "noted": noted}, goto="classify")


def classify(state: State, runtime: Runtime[Call]) -> dict[str, Any]:
    """Say what the request is."""
    started = time.perf_counter()
    classification = deciding.classify(runtime.context.services, state["request"])
    if state["request"].hints.task is None:
        classification = break_tie(runtime.context.services, state["request"], classification)
    seconds = time.perf_counter() - started
    runtime.context.services.events.emit(Classified(state["request"].id, seconds, classification=classification))
    return {"classification": classification}


def plan(state: State, runtime: Runtime[Call]) -> Command[Literal["select"]]:
    """Split the request into steps, and start those that need no other."""
    started = time.perf_counter()
    services, request, classification = runtime.context.services, state["request"], state["classification"]
    proposed = model_planning.propose(services, request, classification)
    made = deciding.make_plan(services, request, classification, proposed)
    services.events.emit(Planned(request.id, time.perf_counter() - started, plan=made))
    runtime.context.order.start(made)
    update, sends = _start_steps(services, {**state, "plan": made})
    return Command(update={"plan": made, **update}, goto=sends)


def select(work: Work, runtime: Runtime[Call]) -> Command[Literal["generate", "compose"]]:
    """Choose model, precision, backend and thinking for a step; keep the best answer when nothing more can be tried."""
    started, services = time.perf_counter(), runtime.context.services
    try:
        choice = deciding.choose(
            services,
            work.request,
            work.classification,
            work.step,
            tried=work.tried,
            escalation=work.escalations[-1] if work.escalations else None,
        )
    except NoModelFits as error:
        if not work.earlier:
            raise
        best = best_of(services, work, work.earlier)
        kept = replace(work, generation=best, warnings=(*work.warnings, _rejected(work, error.what)))
        return Command(update=_finished(runtime.context, kept), goto="compose")
    step_events.selected(services, work, choice, started)
    return Command(goto=Send("generate", replace(work, choice=choice)))


def generate(work: Work, runtime: Runtime[Call]) -> Command[Literal["verify"]]:
    """Run the chosen model and stream what it says; when memory runs out, the next smaller one."""
    call = runtime.context
    services = call.services
    while True:
        try:
            generation = run_model(services, work, call.order.add, call.use)
        except OutOfMemory as error:
            started = time.perf_counter()
            work = step_down(services, work, error)
            assert work.choice is not None
            step_events.selected(services, work, work.choice, started)
            continue
        step_events.generated(services, work, generation)
        return Command(goto=Send("verify", replace(work, generation=generation)))


def verify(work: Work, runtime: Runtime[Call]) -> Command[Literal["escalate", "compose"]]:
    """Let the specialist judge the answer. A check that fails abstains: it never blocks an answer."""
    choice, generation = work.choice, work.generation
    assert choice is not None
    assert generation is not None
    started = time.perf_counter()
    check = judge(runtime.context.services, work)
    attempt = Attempt(
        step=work.step.id,
        task=work.step.task,
        choice=choice,
        check=check,
        usage=generation.usage,
        timings=generation.timings,
        finish_reason=generation.finish_reason,
    )
    step_events.checked(runtime.context.services, work, check, started)
    work = replace(work, attempts=(*work.attempts, attempt))
    if generation.finish_reason == "ceiling" and work.earlier:
        warning = "The time of escalation.max_seconds ran out in the middle of another attempt; this is the one before."
        before = best_of(runtime.context.services, work, work.earlier)
        kept = replace(work, generation=before, warnings=(*work.warnings, warning))
        return Command(update=_finished(runtime.context, kept), goto="compose")
    if check.status == "rejected" and generation.finish_reason != "deadline":
        return Command(goto=Send("escalate", work))
    return Command(update=_finished(runtime.context, work), goto="compose")


def escalate(work: Work, runtime: Runtime[Call]) -> Command[Literal["select", "compose"]]:
    """Decide what follows a rejected answer: another try, or the best answer so far with a warning."""
    started, services = time.perf_counter(), runtime.context.services
    assert work.generation is not None
    answers = (*work.earlier, work.generation)
    first = next(a for a in work.attempts if a.task == work.step.task)
    action: Escalation = (
        services.manager.hook.escalate(
            attempts=work.attempts,
            candidates=[c for c in first.choice.candidates if c.usable and c.key not in _keys(work)],
            classification=work.classification,
            request=work.request,
            settings=services.settings,
        )
        or _STOP
    )
    step_events.escalated(services, work, action, started)
    work = replace(work, escalations=(*work.escalations, action))
    if action.task is not None:
        step = work.step.model_copy(update={"task": action.task})
        # Asked once, the specialist that is likely next isn't asked again.
        classification = work.classification.model_copy(update={"task": action.task, "runner_up": None})
        work = replace(work, step=step, classification=classification)
    if action.action != "stop":
        return Command(goto=Send("select", replace(work, earlier=answers)))
    best = best_of(services, work, answers)
    kept = replace(work, generation=best, warnings=(*work.warnings, _rejected(work, action.why)))
    return Command(update=_finished(runtime.context, kept), goto="compose")


def compose(state: State, runtime: Runtime[Call]) -> Command[Literal["select", "release"]]:
    """Join the answers of the steps; while some are missing, start those that have become ready."""
    started, services = time.perf_counter(), runtime.context.services
    steps, results = state["plan"].steps, state["results"]
    if any(step.id not in results for step in steps):
        update, sends = _start_steps(services, state)
        return Command(update=update, goto=sends)
    done = [results[step.id] for step in steps]
    classification = state["classification"]
    decision = Decision(
        request_id=state["request"].id,
        created=state["clock"].created,
        request=state["request"].shape,
        classification=classification,
        plan=state["plan"],
        choices={r.step: r.attempts[-1].choice for r in done},
        attempts=tuple(a for r in done for a in r.attempts),
        escalations=tuple(e for r in done for e in r.escalations),
        noted=state["noted"],
    )
    tries = [a.timings for r in done for a in r.attempts]
    suspicions = (verdict.why for verdict in state["noted"] if verdict.action == "allow")
    notes = (attached.note for attached in classification.media if attached.note)
    answer = Answer(
        text=composing.join(state["plan"], [r.generation.text for r in done]),
        thinking="\n\n".join(r.generation.thinking for r in done if r.generation.thinking),
        tool_calls=tuple(call for r in done for call in r.generation.tool_calls),
        decision=decision,
        usage=sum((r.usage for r in done), Usage()),
        timings=Timings(
            wait=sum(t.wait for t in tries),
            first_token=tries[0].first_token,
            generate=sum(t.generate for t in tries),
            total=state["clock"].elapsed,
        ),
        warnings=tuple(dict.fromkeys([*suspicions, *notes, *(w for r in done for w in r.warnings)])),
    )
    services.events.emit(Composed(state["request"].id, time.perf_counter() - started))
    return Command(update={"answer": answer}, goto="release")


def release(state: State, runtime: Runtime[Call]) -> dict[str, Any]:
    """Let the guards see the answer, and hand it over; or hand over the refusal."""
    services, request = runtime.context.services, state["request"]
    answer, denied = state.get("answer"), state.get("denied")
    if answer is not None:
        answer, denied = guards.check_answer(services.manager, request, answer, services.settings)
        if denied is not None:
            services.events.emit(Denied(request.id, state["clock"].elapsed, verdict=denied))
    if denied is not None:
        record = Decision(
            request_id=request.id, created=state["clock"].created, request=request.shape, noted=state["noted"]
        )
        decision = answer.decision if answer else record
        answer = Answer(
            text=f"{denied.why} {denied.fix}".strip(), decision=decision.model_copy(update={"denied": denied})
        )
    assert answer is not None
    timings = answer.timings.model_copy(update={"total": state["clock"].elapsed})
    answer = answer.model_copy(update={"timings": timings})
    # Observers keep records: they see the placeholders.
    services.events.emit(Answered(request.id, state["clock"].elapsed, answer=answer))
    answer = restore_answer(answer, request)
    kept: list[AnyMessage] = [] if answer.refused else [*state["turns"], answer.message]
    return {"answer": answer, "history": kept}


def _start_steps(services: Services, state: State) -> tuple[dict[str, Any], list[Send]]:
    """Return the state's update and the sends for every step that is ready and not yet on its way."""
    plan, request = state["plan"], state["request"]
    results, sent = state.get("results", {}), state.get("sent", frozenset())
    answers = {step: result.generation.text for step, result in results.items()}
    ready = [s for s in plan.steps if s.id not in sent and results.keys() >= set(s.needs)]
    sends = [
        Send(
            "select",
            Work(
                request=deciding.step_request(services, request, s, plan, answers),
                classification=deciding.of_step(state["classification"], s, plan),
                step=s,
            ),
        )
        for s in ready
    ]
    return {"sent": sent | {s.id for s in ready}}, sends


def _keys(work: Work) -> set[ModelKey]:
    return {c.key for c in work.tried}


def _rejected(work: Work, why: str) -> str:
    return f"The check rejected this answer: {work.attempts[-1].check.why} {why}"


def _finished(call: Call, work: Work) -> dict[str, Any]:
    """Return the state's update with a step's result and the warnings that its user should see."""
    generation = work.generation
    assert generation is not None
    warnings = (*work.warnings, *generation.warnings)
    if not any(c.own and c.usable for c in work.attempts[-1].choice.candidates):
        warnings = (*warnings, stand_in_note(call.services, work))
    if generation.finish_reason == "length":
        warnings = (*warnings, "The answer was cut at the token limit; raise generation.max_new_tokens for more.")
    if generation.finish_reason == "deadline":
        if not generation.text:
            raise DeadlineExceeded(
                "The deadline passed before the answer was ready.",
                "Give the call more time, or set sizing.prefer to speed.",
            )
        warnings = (*warnings, "The answer was cut at the deadline.")
    call.order.finish(work.step.id)
    result = Result(work.step.id, generation, work.attempts, work.escalations, warnings)
    return {"results": {work.step.id: result}}
