"""The router from request to answer, over fakes."""

import asyncio
import threading
import time

import pytest
from conftest import CODER, GENERAL_LARGE, GENERAL_SMALL, MATH, make_router

from qwen_router import (
    BackendError,
    Cancelled,
    Check,
    Chunk,
    DeadlineExceeded,
    Hints,
    InputError,
    Offer,
    OutOfMemory,
    Request,
    RouterError,
    Sampling,
    Specialist,
    UnknownModel,
    UnknownTask,
    Verdict,
    hookimpl,
)
from qwen_router.testing import FakeBackend, Reply

GENERAL = Hints(task="general")
COMPOUND = "1. Solve the equation 3x + 5 = 20 for x. 2. Write a Python function that reverses a string."


def test_an_answer_carries_what_was_decided(router, backend):
    backend.replies.append(Reply(r"It is \boxed{42}.", thinking="six times seven"))
    answer = router.invoke("Compute 6 * 7 and simplify the equation", hints=Hints(task="math"))
    assert answer.text == r"It is \boxed{42}."
    assert answer.thinking == "six times seven"
    assert answer.decision.classification.task == "math"
    assert answer.decision.choices["1"].winner.model == MATH
    assert answer.decision.attempts[0].check == Check(status="accepted", why="The result is boxed: 42")
    assert answer.usage.thinking_tokens == 3
    assert answer.usage.output_tokens == 6
    assert answer.timings.total >= answer.timings.generate > 0
    assert answer.warnings == ()


def test_each_task_goes_to_its_specialist(router, backend):
    backend.replies.extend([Reply("4"), Reply("```python\nx = 1\n```"), Reply("Paris")])
    asked = [
        "Find the derivative of f(x) = x^3 + 2x^2 - 5x + 3",
        "Write a Python function that merges two sorted lists",
        "What is the capital of France?",
    ]
    answers = [router.invoke(text) for text in asked]
    assert [a.decision.classification.task for a in answers] == ["math", "code", "general"]
    assert [a.decision.choices["1"].winner.model for a in answers][:2] == [MATH, CODER]


def test_the_specialists_prompt_reaches_the_model_under_the_callers(router, backend):
    router.invoke(
        [{"role": "system", "content": "Answer in French."}, {"role": "user", "content": "2 + 2?"}],
        hints=Hints(task="math"),
    )
    system = backend.calls[0].messages[0]
    assert system.type == "system"
    assert system.text.startswith("Answer in French.")
    assert r"\boxed{}" in system.text


def test_hints_decide(router, backend):
    answer = router.invoke("hello", hints=Hints(task="code", model="qwen3-0.6b", thinking=True))
    winner = answer.decision.choices["1"].winner
    assert (winner.model, winner.thinking) == (GENERAL_SMALL, True)
    assert backend.calls[0].options["thinking"] is True
    # The model card's sampling for thinking: never greedy.
    assert backend.calls[0].options["temperature"] == 0.6


def test_unknown_hints_are_named(router):
    with pytest.raises(UnknownTask, match=r"no task 'law'\. Tasks: audio, code, general, math, vision"):
        router.invoke("hello", hints=Hints(task="law"))
    with pytest.raises(UnknownModel, match="Did you mean"):
        router.invoke("hello", hints=Hints(model="Qwen3-9B"))


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_nothing_to_answer_is_an_input_error(router, text):
    with pytest.raises(InputError, match="The request is empty"):
        router.invoke(text)


@pytest.mark.parametrize("value", [7, None, [], [7], [{"role": "nobody", "content": "x"}]])
def test_what_is_no_request_is_an_input_error(router, value):
    with pytest.raises(InputError, match="no request"):
        router.invoke(value)


def test_a_request_that_is_too_long_is_refused_not_raised(router, backend):
    answer = router.invoke("x" * 10_000_000)
    assert answer.refused
    assert "10,000,000 characters; 65,536 are allowed" in answer.text
    assert backend.calls == []


def test_explain_decides_without_loading(router, backend):
    decision = router.explain("Write a Python function that adds two numbers")
    assert decision.choices["1"].winner.model == CODER
    assert all(c.rejected for c in decision.choices["1"].candidates if c.key != decision.choices["1"].winner.key)
    assert backend.loaded == []
    assert type(decision).model_validate_json(decision.model_dump_json()) == decision


def test_a_stream_gives_typed_chunks_and_ends_with_the_answer(router, backend):
    backend.replies.append(Reply("a b c", thinking="hm so"))
    *chunks, answer = list(router.stream("hello"))
    assert [(c.kind, c.text) for c in chunks] == [
        ("thinking", "hm "), ("thinking", "so"), ("text", "a "), ("text", "b "), ("text", "c"),
    ]  # fmt: skip
    assert answer.text == "a b c"


def test_raw_think_tags_are_split_while_streaming(router, backend):
    backend.replies.append(Reply("<think> a b </think> c d"))
    *chunks, answer = list(router.stream("hello"))
    assert "".join(c.text for c in chunks if c.kind == "thinking").split() == ["a", "b"]
    assert "".join(c.text for c in chunks if c.kind == "text") == "c d"
    assert (answer.text, answer.thinking) == ("c d", "a b")


def test_a_compound_request_runs_each_part_at_its_specialist(router, backend):
    *chunks, answer = list(router.stream(COMPOUND))
    assert [s.task for s in answer.decision.plan.steps] == ["math", "code"]
    assert {c.winner.model for c in answer.decision.choices.values()} == {MATH, CODER}
    assert answer.text.startswith("### 1. Solve the equation")
    assert "### 2. Write a Python function" in answer.text
    steps = [c.step for c in chunks]
    assert steps == sorted(steps)
    assert set(steps) == {"1", "2"}
    assert "".join(c.text for c in chunks) == answer.text


def test_a_part_that_needs_another_sees_its_answer(router, backend):
    backend.replies.extend([Reply("x is 5"), Reply("done")])
    answer = router.invoke("1. Solve the equation 3x + 5 = 20. 2. Write a Python function that prints that result.")
    assert answer.decision.plan.steps[1].needs == ("1",)
    assert "x is 5" in backend.calls[1].messages[-1].text


def test_a_rejected_answer_goes_up_and_every_attempt_is_recorded(router, backend):
    backend.replies.extend([Reply("```python\ndef f(:\n```"), Reply("```python\nx = 1\n```")])
    chunks = list(router.stream("Write it", hints=Hints(task="code")))
    answer = chunks.pop()
    assert answer.text == "```python\nx = 1\n```"
    assert [a.check.status for a in answer.decision.attempts] == ["rejected", "accepted"]
    assert [e.action for e in answer.decision.escalations] == ["fix"]
    assert [a.choice.winner.model for a in answer.decision.attempts] == [CODER, CODER]
    first, second = (call.messages for call in backend.calls)
    assert [m.type for m in second] == [*(m.type for m in first), "ai", "human"]
    assert second[-2].text == "```python\ndef f(:\n```"
    assert "doesn't parse" in second[-1].text
    assert {c.attempt for c in chunks} == {1, 2}


def test_what_the_model_cannot_mend_goes_up(router, backend):
    backend.replies.extend([Reply("```python\ndef f(:\n```")] * 2 + [Reply("```python\nx = 1\n```")])
    answer = router.invoke("Write it", hints=Hints(task="code"))
    assert [e.action for e in answer.decision.escalations] == ["fix", "larger"]
    assert [a.choice.winner.model for a in answer.decision.attempts] == [CODER, CODER, GENERAL_LARGE]
    assert len(backend.calls[2].messages) == len(backend.calls[0].messages)


def test_an_easy_request_starts_small_and_escalates_to_the_large_model(backend, tmp_path):
    backend.replies.extend([Reply(""), Reply("Paris")])
    with make_router(backend, tmp_path, sizing={"warm_slack": 1.0}) as router:
        answer = router.invoke("What is the capital of France?")
    assert [a.choice.winner.model for a in answer.decision.attempts] == [GENERAL_SMALL, GENERAL_LARGE]


def test_when_attempts_run_out_the_best_answer_comes_with_a_warning(backend, tmp_path):
    backend.replies.extend([Reply("```python\ndef f(:\n```"), Reply("")])
    with make_router(backend, tmp_path, escalation={"max_attempts": 2}) as router:
        answer = router.invoke("Write it", hints=Hints(task="code"))
    assert answer.text.startswith("```python")
    assert "rejected" in answer.warnings[0]
    assert len(answer.decision.attempts) == 2


def test_an_answer_cut_at_the_limit_says_so(router, backend):
    backend.replies.append(Reply("half an", finish_reason="length"))
    answer = router.invoke("hello", sampling=Sampling(max_new_tokens=2))
    assert "cut at the token limit" in answer.warnings[0]
    assert len(answer.decision.attempts) == 1


def test_an_answer_cut_at_the_routers_own_limit_is_told_to_be_brief(router, backend):
    backend.replies.extend([Reply("half an", finish_reason="length"), Reply("All of it.")])
    answer = router.invoke("hello")
    assert answer.text == "All of it."
    assert "come to an end" in backend.calls[1].messages[-1].text


class Sometimes(Specialist):
    name, task, ladder = "law", "law", (GENERAL_SMALL,)
    examples = ("Is this contract binding?", "Can my landlord evict me?", "What does the statute say?")
    checks = 0

    def check(self, request, generation):
        type(self).checks += 1
        raise RuntimeError("the check is broken")


class LawPlugin:
    @hookimpl
    def specialists(self):
        return [Sometimes()]


def test_a_plugins_task_is_learned_from_its_examples_and_a_failing_check_abstains(backend, tmp_path, caplog):
    from qwen_router import Router

    settings = make_router(backend, tmp_path).settings
    with Router(settings, plugins=[backend, LawPlugin()]) as router:
        answer = router.invoke("Can my landlord evict me without a notice?")
    assert answer.decision.classification.task == "law"
    assert answer.decision.attempts[0].check.status == "abstained"
    assert "the check is broken" in caplog.text


class InMemory(FakeBackend):
    """Fakes that take the memory of their models, as in-process ones do."""

    def offers(self, model, settings, resources):
        return [Offer(precision="bf16", format="served", device="cpu")] if model.id in self.models else []


def test_running_out_of_memory_steps_down_and_says_so(tmp_path):
    backend = InMemory([GENERAL_SMALL, "Qwen/Qwen3-1.7B"], [Reply(error=OutOfMemory("no room")), Reply("fine")])
    with make_router(backend, tmp_path, sizing={"warm_slack": 0.0, "min_tokens_per_second": 0.0}) as router:
        answer = router.invoke("hello", hints=GENERAL)
    assert [call.model for call in backend.calls] == ["Qwen/Qwen3-1.7B", GENERAL_SMALL]
    assert answer.text == "fine"
    assert answer.warnings == ("Qwen/Qwen3-1.7B at bf16 ran out of memory; Qwen/Qwen3-0.6B answers instead.",)


def test_running_out_of_memory_with_nothing_smaller_is_an_error(tmp_path):
    backend = InMemory([GENERAL_SMALL], [Reply(error=OutOfMemory("no room"))])
    with (
        make_router(backend, tmp_path, sizing={"min_tokens_per_second": 0.0}) as router,
        pytest.raises(OutOfMemory, match="no room"),
    ):
        router.invoke("hello", hints=GENERAL)


def test_a_failing_model_is_an_error_and_the_next_call_works(router, backend):
    backend.replies.extend([Reply("half", error=BackendError("the server fell over")), Reply("fine")])
    with pytest.raises(BackendError, match="fell over"):
        router.invoke("hello")
    assert router.invoke("hello").text == "fine"


def test_a_failed_load_leaves_nothing_behind(router, backend):
    backend.load_error = BackendError("broken file")
    with pytest.raises(BackendError, match="broken file"):
        router.invoke("hello")
    backend.load_error = None
    assert router.invoke("hello").text == "hello"


def test_batch_keeps_the_order_and_limits_itself(router):
    texts = [f"question {i}" for i in range(12)]
    assert [a.text for a in router.batch(texts, max_concurrency=3)] == texts


def test_batch_returns_errors_on_request(router):
    results = router.batch(["fine", "", "also"], return_exceptions=True)
    assert [type(r).__name__ for r in results] == ["Answer", "InputError", "Answer"]
    with pytest.raises(InputError):
        router.batch(["fine", ""])


async def test_the_async_twins_answer_alike(router):
    assert (await router.ainvoke("hello there")).text == "hello there"
    *chunks, answer = [item async for item in router.astream("hello there")]
    assert "".join(c.text for c in chunks if isinstance(c, Chunk)) == answer.text
    assert [a.text for a in await router.abatch(["a", "b"], max_concurrency=1)] == ["a", "b"]
    results = await router.abatch(["a", ""], return_exceptions=True)
    assert isinstance(results[1], InputError)


def wait_until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def test_closing_a_stream_stops_the_model_and_frees_the_slot(backend, tmp_path):
    hold = threading.Event()
    backend.replies.extend([Reply("one two three", wait=hold), Reply("next")])
    with make_router(backend, tmp_path, router={"max_concurrency": 1}) as router:
        stream = router.stream("hello")
        assert next(stream).text == "one "
        stream.close()
        assert router.invoke("hello").text == "next"
    assert not hold.is_set()


async def test_cancelling_a_task_stops_the_model_and_frees_the_slot(backend, tmp_path):
    hold = threading.Event()
    backend.replies.extend([Reply("one two three", wait=hold), Reply("next")])
    with make_router(backend, tmp_path, router={"max_concurrency": 1}) as router:
        task = asyncio.create_task(router.ainvoke("hello"))
        while not backend.calls:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await router.ainvoke("hello")).text == "next"


def test_a_deadline_cuts_the_answer_and_says_so(router, backend):
    backend.replies.append(Reply("one two three", wait=threading.Event()))
    answer = router.invoke("hello", deadline=0.3)
    assert answer.text == "one"
    assert "cut at the deadline" in answer.warnings[0]
    assert answer.decision.attempts[0].finish_reason == "deadline"


def test_a_deadline_before_the_first_word_is_an_error(router, backend):
    with pytest.raises(DeadlineExceeded, match="deadline passed"):
        router.invoke("hello", deadline=0.000001)


def test_threads_share_a_router(router):
    results = {}

    def call(i):
        results[i] = router.invoke(f"question {i}").text

    threads = [threading.Thread(target=call, args=(i,)) for i in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert results == {i: f"question {i}" for i in range(16)}


def test_a_thread_remembers_and_others_do_not(router, backend):
    router.invoke("My name is Ada.", thread="a", hints=GENERAL)
    router.invoke("What is my name?", thread="a", hints=GENERAL)
    assert [m.text for m in backend.calls[1].messages] == ["My name is Ada.", "My name is Ada.", "What is my name?"]
    router.invoke("What is my name?", thread="b", hints=GENERAL)
    assert len(backend.calls[2].messages) == 1


def test_thinking_stays_out_of_the_history(router, backend):
    backend.replies.append(Reply("yes", thinking="a long thought"))
    router.invoke("Is it?", thread="a")
    router.invoke("Sure?", thread="a")
    assert "long thought" not in repr(backend.calls[1].messages)


def test_a_failed_turn_leaves_the_conversation_as_it_was(router, backend):
    backend.replies.append(Reply("half", error=BackendError("fell over")))
    with pytest.raises(BackendError):
        router.invoke("one", thread="a", hints=GENERAL)
    router.invoke("two", thread="a", hints=GENERAL)
    assert [m.text for m in backend.calls[1].messages] == ["two"]


class NoAnswers:
    @hookimpl
    def check_answer(self, answer):
        return Verdict(action="deny", kind="test", why="Not that.") if "secret" in answer.text else None


def test_a_denied_answer_is_refused_and_its_text_is_gone(backend, tmp_path):
    from qwen_router import Router

    backend.replies.append(Reply("the secret"))
    settings = make_router(backend, tmp_path).settings
    with Router(settings, plugins=[backend, NoAnswers()]) as router:
        answer = router.invoke("tell me")
    assert answer.refused
    assert "secret" not in answer.model_dump_json()


def test_a_closed_router_says_so(backend, tmp_path):
    router = make_router(backend, tmp_path)
    router.invoke("hello")
    router.close()
    router.close()
    assert backend.loaded[0].closed
    for call in (lambda: router.invoke("x"), lambda: next(router.stream("x"))):
        with pytest.raises(RouterError, match="closed"):
            call()


def test_the_graph_draws_itself(router):
    drawing = router.draw()
    for edge in ("admit -.-> release", "verify -.-> escalate", "escalate -.-> select", "compose -.-> release"):
        assert edge.replace(" ", "") in drawing.replace(" ", "").replace("&nbsp;", "")


def test_cancelled_is_not_swallowed(router, backend):
    backend.replies.append(Reply(error=Cancelled("stop")))
    with pytest.raises(Cancelled):
        router.batch(["hello"])


def test_a_request_object_passes_unchanged(router, backend):
    request = Request.of("hello", json_schema={"type": "object"})
    backend.replies.append(Reply('{"a": 1}'))
    answer = router.invoke(request)
    assert backend.calls[0].options["json_schema"] == {"type": "object"}
    assert answer.decision.attempts[0].check.status == "accepted"


def test_a_server_that_is_down_is_named_when_nothing_else_can_answer(tmp_path):
    from qwen_router import NoModelFits, Router

    server = {"enabled": True, "base_url": "http://127.0.0.1:9/v1"}
    off = {"enabled": False}
    settings = {
        "weights": {"sources": ["local"], "cache": str(tmp_path)},
        "backends": {"llama_cpp": off, "transformers": {"enabled": True}, "openai_api": server},
    }
    with Router.from_config(**settings) as router, pytest.raises(NoModelFits, match=r"127\.0\.0\.1:9"):
        router.explain("hello")


def test_closing_the_stream_of_a_compound_request_stops_every_part(backend, tmp_path):
    hold = threading.Event()
    backend.replies.extend([Reply("one two", wait=hold), Reply("three four", wait=hold), Reply("next")])
    with make_router(backend, tmp_path, router={"max_concurrency": 1}) as router:
        stream = router.stream(COMPOUND)
        assert next(stream).text.startswith("### 1.")
        wait_until(lambda: len(backend.calls) == 2)
        stream.close()
        assert router.invoke("hello").text == "next"
    assert not hold.is_set()
