"""What observers are told of a call, from its turn to its end."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import GENERAL_LARGE, GENERAL_SMALL, MATH, Reply, make_router
from pool_machine import until

from qwen_router import BackendError, DeadlineExceeded, Hints, Offer, OutOfMemory, Request, Verdict, hookimpl
from qwen_router.events import Answered, Begun, Denied, Escalated, Evicted, Failed, Generated, Lent, Loaded, Selected
from qwen_router.testing import FakeBackend

MIDDLE = "Qwen/Qwen3-1.7B"
GENERAL = Hints(task="general", thinking=False)
STEPS = [
    "Begun", "Admitted", "Classified", "Planned", "Selected", "Loaded", "Lent", "Generated", "Checked", "Composed",
    "Answered",
]  # fmt: skip


class Seen:
    def __init__(self):
        self.events = []

    @hookimpl
    def observe(self, event):
        self.events.append(event)

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]


@pytest.fixture
def seen(router):
    seen = Seen()
    router._services.manager.register(seen)
    return seen


def test_every_step_of_a_call_is_one_event_of_its_request(router, seen):
    request = Request.of("hello", hints=GENERAL)
    router.invoke(request)
    assert [type(e).__name__ for e in seen.events] == STEPS
    assert {e.request_id for e in seen.events} == {request.id}
    assert all(e.seconds >= 0 for e in seen.events)
    assert router._services.status().calls == 0


def test_what_a_model_gave_is_told_with_its_tokens_and_times(router, seen, backend):
    backend.replies.append(Reply("one two three", thinking="well then"))
    answer = router.invoke("hello", hints=Hints(task="general", model=GENERAL_LARGE, thinking=True))
    [generated] = seen.of(Generated)
    assert (generated.task, generated.step, generated.attempt) == ("general", "1", 1)
    assert generated.choice == answer.decision.choices["1"]
    assert (generated.generation.usage.output_tokens, generated.generation.usage.thinking_tokens) == (5, 2)
    assert generated.seconds == generated.generation.timings.generate > generated.generation.timings.first_token > 0


def test_each_attempt_is_numbered_as_are_the_events_between(router, seen, backend):
    backend.replies.extend([Reply("```python\ndef f(:\n```"), Reply("```python\nx = 1\n```")])
    router.invoke("Write it", hints=Hints(task="code"))
    assert [e.attempt for e in seen.of(Selected)] == [e.attempt for e in seen.of(Generated)] == [1, 2]
    [escalated] = seen.of(Escalated)
    assert (escalated.attempt, escalated.task) == (1, "code")


def test_a_refused_call_is_denied_and_answered(router, seen):
    class Guard:
        @hookimpl
        def check_request(self, request):
            return Verdict(action="deny", kind="test", why="no")

    router._services.manager.register(Guard())
    assert router.invoke("hello").refused
    assert [type(e) for e in seen.events] == [Begun, Denied, Answered]


def test_a_call_that_fails_says_how_long_it_took(router, seen, backend):
    backend.replies.append(Reply(error=BackendError("broken")))
    with pytest.raises(BackendError):
        router.invoke("hello", hints=GENERAL)
    [failed] = seen.of(Failed)
    assert failed.seconds > seen.of(Lent)[0].seconds
    assert not seen.of(Generated)


def test_a_call_whose_turn_never_comes_fails_and_is_no_longer_counted(tmp_path):
    hold, backend, seen = threading.Event(), FakeBackend([GENERAL_SMALL]), Seen()
    backend.replies.append(Reply("one two", wait=hold))
    with make_router(backend, tmp_path, router={"max_concurrency": 1}) as router, ThreadPoolExecutor(1) as threads:
        router._services.manager.register(seen)
        first = threads.submit(router.invoke, "hello", hints=GENERAL)
        until(lambda: backend.calls)
        with pytest.raises(DeadlineExceeded):
            router.invoke("hello", hints=GENERAL, deadline=0.05)
        assert router._services.status().calls == 1
        hold.set()
        first.result(10)
    [failed] = seen.of(Failed)
    assert failed.seconds >= 0.05
    assert len(seen.of(Begun)) == 1


def test_parallel_steps_belong_to_their_request(tmp_path):
    seen = Seen()
    with make_router(FakeBackend([GENERAL_SMALL, MATH]), tmp_path) as router:
        router._services.manager.register(seen)
        request = Request.of("Say hello in German and in French.", languages=("de", "fr"), hints=GENERAL)
        router.invoke(request)
    assert [e.request_id for e in seen.of(Lent)] == [request.id] * 2
    assert {e.step for e in seen.of(Generated)} == {"1", "2"}
    # Nobody asked for the unloading at the end.
    assert seen.of(Evicted)[0].request_id == ""


def test_another_choice_is_told_when_memory_runs_out(tmp_path):
    class Full(FakeBackend):
        def offers(self, model, settings, resources):
            return [Offer(precision="bf16", format="served", device="cpu")] if model.id in self.models else []

        def load(self, candidate, model, files, settings):
            if model.id == MIDDLE:
                raise OutOfMemory("There is no room.")
            return super().load(candidate, model, files, settings)

    seen = Seen()
    with make_router(
        Full([GENERAL_SMALL, MIDDLE]), tmp_path, sizing={"min_tokens_per_second": 0.0, "warm_slack": 0.0}
    ) as router:
        router._services.manager.register(seen)
        router.invoke("hello", hints=GENERAL)
    chosen = [(e.attempt, e.choice.winner.model) for e in seen.of(Selected)]
    assert chosen == [(1, MIDDLE), (1, GENERAL_SMALL)]
    assert [e.model for e in seen.of(Loaded)] == [GENERAL_SMALL]
