import pytest

from qwen_router import Attempt, Candidate, Check, Choice, Classification, Offer, Settings, Timings, Usage
from qwen_router_policies.escalation import escalate


def candidate(model="small", *, quality=0.3, speed=50.0, thinking=False, load=0.0):
    return Candidate(
        model=model,
        offer=Offer(precision="q4_k_m", format="gguf"),
        backend="b",
        memory_bytes=1,
        tokens_per_second=speed,
        load_seconds=load,
        quality=quality,
        thinking=thinking,
        context=100,
    )


def attempt(winner, *, feedback="", others=(), tokens=10, seconds=1.0):
    return Attempt(
        step="1",
        choice=Choice(winner=winner, reason="", candidates=(winner, *others)),
        check=Check(status="rejected", why="wrong", feedback=feedback),
        usage=Usage(output_tokens=tokens),
        timings=Timings(total=seconds),
        finish_reason="stop",
    )


def decide(attempts, candidates=(), *, difficulty=0.3, **settings):
    classification = Classification(scores={"code": 1.0}, task="code", difficulty=difficulty)
    return escalate(attempts, candidates, classification, Settings(escalation=settings)).action


def test_the_specialist_of_the_task_that_is_nearly_as_likely_is_asked_once():
    unsure = Classification(scores={"code": 0.5, "math": 0.45}, task="code", difficulty=0.3, runner_up="math")
    limits = Settings(escalation={})
    action = escalate([attempt(SMALL), attempt(SMALL)], [], unsure, limits)
    assert (action.action, action.task) == ("specialist", "math")
    asked = unsure.model_copy(update={"task": "math", "runner_up": None})
    assert escalate([attempt(SMALL), attempt(SMALL)], [], asked, limits).action == "stop"
    blind = Classification(scores={"code": 0.5, "vision": 0.45}, task="code", difficulty=0.3, runner_up="vision")
    assert escalate([attempt(SMALL), attempt(SMALL)], [], blind, limits).action == "stop"
    seeing = blind.model_copy(update={"modalities": ("image", "text")})
    assert escalate([attempt(SMALL), attempt(SMALL)], [], seeing, limits).action == "specialist"


SMALL, LARGE = candidate(), candidate("large", quality=0.7, speed=20)


def test_a_model_that_is_told_what_is_wrong_may_mend_it_once():
    first = attempt(SMALL, feedback="It gave 3.")
    assert decide([first], [LARGE]) == "fix"
    assert decide([first, first], [LARGE]) == "larger"
    assert decide([first, first, attempt(LARGE, feedback="It gave 4.")]) == "fix"


def test_a_better_model_goes_before_another_sample():
    assert decide([attempt(SMALL)], [LARGE]) == "larger"
    assert decide([attempt(SMALL)], [candidate("worse", quality=0.2)]) == "sample"
    assert decide([attempt(SMALL), attempt(SMALL)]) == "stop"


def test_a_slow_large_model_goes_behind_thinking_or_another_sample():
    slow = candidate("large", quality=0.7, speed=1)
    first = attempt(SMALL, others=[candidate(thinking=True)])
    assert decide([first], [slow], difficulty=0.9) == "thinking"
    assert decide([first], [slow], difficulty=0.1) == "sample"
    assert decide([first], [LARGE]) == "larger"


@pytest.mark.parametrize(
    ("attempts", "settings"),
    [
        ([attempt(SMALL)] * 2, {"max_attempts": 2}),
        ([attempt(SMALL, tokens=500)], {"max_tokens": 500}),
        ([attempt(SMALL, seconds=20.0)], {"max_seconds": 20.0}),
    ],
)
def test_a_ceiling_stops_it(attempts, settings):
    assert decide(attempts, [LARGE], **settings) == "stop"
    more = {key: value * 2 for key, value in settings.items()}
    assert decide(attempts, [LARGE], **more) == "larger"
