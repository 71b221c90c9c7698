"""What is stored of calls, however they end."""

import sqlite3
import stat
import threading

import pytest
from conftest import CODER, GENERAL_SMALL, Reply, make_router
from stored import GENERAL, decisions_of, rows_of

from qwen_router import Answer, BackendError, Hints, Request, UnknownTask, Verdict, hookimpl, load_settings
from qwen_router.events import Answered
from qwen_router.testing import FakeBackend
from qwen_router.traces import TraceStore, path_of


def test_an_answer_is_stored_with_its_decision_and_its_figures(routing, backend, store):
    backend.replies.append(Reply("one two three", thinking="well then"))
    answer = routing().invoke("hello there", hints=Hints(task="general", thinking=True), user="ada")
    [row] = rows_of(store)
    assert (row.request_id, row.status, row.kind, row.task) == (
        answer.decision.request_id,
        "answered",
        "stop",
        "general",
    )
    assert row.models == answer.decision.choices["1"].winner.model
    assert (row.thinking, row.attempts, row.escalations) == (True, 1, 0)
    assert (row.output_tokens, row.thinking_tokens) == (5, 2)
    timings = answer.decision.attempts[0].timings
    assert row.first_token == timings.wait + timings.first_token
    assert row.seconds >= row.generate == timings.generate
    assert row.created == answer.decision.created


def test_with_text_the_whole_decision_comes_back(routing, backend, store):
    backend.replies.extend([Reply("```python\ndef f(:\n```"), Reply("```python\nx = 1\n```")])
    router = routing(content="text")
    answers = [router.invoke("Write it", hints=Hints(task="code")), router.invoke("1. Say hello. 2. Solve x + 1 = 2.")]
    for answer, decision in zip(answers, decisions_of(store), strict=True):
        named = answer.decision.request.model_copy(update={"user": decision.request.user})
        assert decision == answer.decision.model_copy(update={"request": named})
    assert [row.escalations for row in rows_of(store)] == [1, 0]
    with TraceStore(store) as opened:
        assert [opened.packed(row).answer for row in opened.read()] == [answer.text for answer in answers]


def test_no_word_of_a_request_or_an_answer_is_stored_unless_asked(routing, backend, store, caplog):
    backend.replies.extend([Reply("```python\nzanzibar = (\n```"), Reply("```python\nzanzibar = 1\n```")])
    with routing() as router:
        router.invoke("Write xylophone code", hints=Hints(task="code"), user="mrs-quartermain")
        backend.replies.append(Reply(error=BackendError("The quagmire broke.")))
        with pytest.raises(BackendError):
            router.invoke("Write xylophone code", hints=Hints(task="code"), user="mrs-quartermain")
    with sqlite3.connect(store) as file:
        [stored] = file.execute("select group_concat(decision.user || body) from decision").fetchone()
    file.close()
    for word in ("xylophone", "zanzibar", "quartermain", "quagmire"):
        assert word.encode() not in store.read_bytes()
        assert word not in stored
    first, second = rows_of(store)
    assert len(first.user) == 32
    assert first.user == second.user
    first, second = decisions_of(store)
    assert first.plan.steps[0].prompt == second.plan.steps[0].prompt
    assert first.attempts[0].check.status == "rejected"


def test_what_guards_replaced_stays_replaced(routing, backend, store, monkeypatch):
    monkeypatch.setenv("QWEN_ROUTER_PII_KEY", "a key that is long enough")
    with make_router(
        backend, store.parent, traces={"path": str(store), "content": "text"}, security={"pii": "hash"}
    ) as router:
        assert "ada@example.org" in router.invoke("Repeat ada@example.org", hints=GENERAL).text
    assert b"ada@example" not in store.read_bytes()
    assert "EMAIL_" in decisions_of(store)[0].plan.steps[0].prompt


def test_a_refusal_is_stored_with_its_kind(routing, store):
    class Guard:
        @hookimpl
        def check_request(self, request):
            return Verdict(action="deny", kind="test", why="no")

    router = routing()
    router._services.manager.register(Guard())
    assert router.invoke("hello", user="ada").refused
    [row] = rows_of(store)
    assert (row.status, row.kind, row.models) == ("refused", "test", "")
    assert row.user
    assert decisions_of(store)[0].denied == Verdict(action="deny", kind="test")


def test_a_failure_is_stored_as_far_as_it_came(routing, backend, store):
    backend.replies.extend([Reply("```python\ndef f(:\n```"), Reply("one", error=BackendError("broken"))])
    with pytest.raises(BackendError):
        routing().invoke("Write it", hints=Hints(task="code"))
    [row] = rows_of(store)
    assert (row.status, row.kind, row.task, row.models) == ("failed", "BackendError", "code", CODER)
    assert (row.attempts, row.escalations) == (1, 1)
    [decision] = decisions_of(store)
    assert decision.attempts[0].check.status == "rejected"
    assert decision.choices["1"].winner.model == CODER
    assert decision.request.task == "code"


def test_a_call_that_fails_at_once_is_stored(routing, store):
    router = routing()
    with pytest.raises(Exception, match="empty"):
        router.invoke(" ")
    [row] = rows_of(store)
    assert (row.status, row.kind, row.user, row.first_token) == ("failed", "InputError", "", None)
    assert not router._services.manager.get_plugin("qwen_router_plugins.observers.traces:Traces")._told


def test_a_decision_is_in_the_store_when_its_answer_is_delivered(routing, store):
    router = routing()
    router.invoke("hello", hints=GENERAL)
    assert len(rows_of(store)) == 1
    for item in router.stream("hello", hints=GENERAL):
        if isinstance(item, Answer):
            assert rows_of(store)[-1].request_id == item.decision.request_id
    assert len(rows_of(store)) == 2


def test_what_is_only_explained_is_not_stored(routing, store):
    router = routing()
    router.explain("hello")
    assert not store.exists()


def test_nothing_is_stored_where_that_is_switched_off(routing, store):
    routing(enabled=False).invoke("hello", hints=GENERAL)
    assert not store.exists()


def test_the_store_lies_in_the_state_directory_and_nobody_else_reads_it(backend, tmp_path):
    with make_router(backend, tmp_path) as router:
        router.invoke("hello", hints=GENERAL)
        path = path_of(load_settings())
        assert path.is_relative_to(tmp_path / "state-home")
        files = [*path.parent.glob("traces.*")]
        assert {f.name for f in files} == {f"traces.{end}" for end in ("sqlite", "sqlite-wal", "sqlite-shm", "key")}
        assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_users_have_the_same_hash_in_every_process_with_the_same_key(routing, store, monkeypatch, tmp_path):
    with routing() as first, routing() as second:
        for router in (first, second):
            router.invoke("hello", hints=GENERAL, user="ada")
    monkeypatch.setenv("QWEN_ROUTER_PII_KEY", "a key that is long enough")
    with routing() as third:
        third.invoke("hello", hints=GENERAL, user="ada")
    users = [row.user for row in rows_of(store)]
    assert users[0] == users[1] != users[2]


def test_threads_and_routers_share_a_file(routing, store):
    routers = [routing(), routing()]
    requests = [Request.of(f"hello {at}", hints=GENERAL) for at in range(40)]

    def ask(router, mine):
        for request in mine:
            router.invoke(request)

    threads = [threading.Thread(target=ask, args=(routers[at % 2], requests[at::4])) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row.request_id for row in rows_of(store)} == {request.id for request in requests}
    assert not any(router._services.events.faults for router in routers)


def test_a_clock_that_is_set_back_changes_neither_order_nor_durations(routing, store):
    router = routing()
    answer = router.invoke("hello", hints=GENERAL)
    earlier = answer.model_copy(
        update={"decision": answer.decision.model_copy(update={"created": answer.decision.created - 3600})}
    )
    router._services.events.emit(Answered("r", 0.5, answer=earlier))
    first, second = rows_of(store)
    assert second.id > first.id
    assert second.created == first.created - 3600
    assert second.seconds == 0.5


def test_candidates_are_stored_once_and_not_for_each_decision(tmp_path, store):
    many = FakeBackend([GENERAL_SMALL, "Qwen/Qwen3-8B", "Qwen/Qwen3-4B", "Qwen/Qwen3-1.7B", "Qwen/Qwen3-14B"])
    with make_router(many, tmp_path, traces={"path": str(store)}) as router:
        for _ in range(30):
            router.invoke("hello", hints=GENERAL)
    with sqlite3.connect(store) as file:
        [slates] = file.execute("select count(*) from slate").fetchone()
    file.close()
    assert slates <= 3
    assert all(len(decision.choices["1"].candidates) == 5 for decision in decisions_of(store))


def test_a_slate_that_is_gone_is_stored_again(routing, store):
    router = routing()
    router.invoke("hello", hints=GENERAL)
    with sqlite3.connect(store) as file:
        file.execute("delete from slate")
    file.close()
    answer = router.invoke("hello", hints=GENERAL)
    with TraceStore(store) as opened:
        kept = opened.decision(list(opened.read())[-1])
    assert kept.choices == answer.decision.choices


@pytest.mark.parametrize("content", ["hash", "text"])
def test_halves_of_characters_are_no_reason_to_store_nothing(routing, store, content):
    router = routing(content=content)
    half = "hel\ud800lo"
    router.invoke(Request.of("hello", hints=GENERAL, user=half, id=half))
    with pytest.raises(UnknownTask):
        router.invoke("hello", hints=Hints(task=half))
    assert rows_of(store)[0].request_id == "hel?lo"
    assert decisions_of(store)[1].request.task == "hel?lo"
    assert not router._services.status().faults
