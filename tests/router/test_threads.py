"""Kept conversations, over fakes and real databases."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from conftest import GENERAL_SMALL, Reply, make_router

from qwen_router import ConfigError, Hints, InputError, RouterError
from qwen_router.testing import FakeBackend

GENERAL = Hints(task="general")


@pytest.fixture(params=["memory", "sqlite"])
def path(request, tmp_path):
    return "" if request.param == "memory" else str(tmp_path / "kept" / "threads.sqlite")


def opened(tmp_path, path):
    return make_router(FakeBackend([GENERAL_SMALL]), tmp_path, threads={"path": path})


def texts(messages):
    return [m.text for m in messages]


def test_a_conversation_is_listed_with_its_first_words(tmp_path, path):
    with opened(tmp_path, path) as router:
        assert router.threads.list() == []
        router.invoke("What is\n  the capital of France? " + "x" * 99, thread="a", hints=GENERAL)
        router.invoke("hello", thread="b", hints=GENERAL)
        router.invoke("and Spain?", thread="a", hints=GENERAL)
        a, b = router.threads.list()
        assert (a.id, a.messages, b.id, b.messages) == ("a", 4, "b", 2)
        assert a.first_words.startswith("What is the capital of France? xxx")
        assert len(a.first_words) == 60
        assert a.created < b.created < a.updated


def test_history_fork_and_delete(tmp_path, path):
    with opened(tmp_path, path) as router:
        router.invoke("one", thread="a", hints=GENERAL)
        router.threads.fork("a", "b")
        router.invoke("two", thread="a", hints=GENERAL)
        router.invoke("other", thread="b", hints=GENERAL)
        assert texts(router.threads.history("a")) == ["one", "one", "two", "two"]
        assert texts(router.threads.history("b")) == ["one", "one", "other", "other"]
        router.threads.delete("a")
        assert [t.id for t in router.threads.list()] == ["b"]
        assert texts(router.threads.history("b")) == ["one", "one", "other", "other"]
        router.invoke("new", thread="a", hints=GENERAL)
        assert texts(router.threads.history("a")) == ["new", "new"]


def test_what_is_not_there_and_what_is_are_input_errors(tmp_path, path):
    with opened(tmp_path, path) as router:
        for call in (router.threads.history, router.threads.delete, lambda t: router.threads.fork(t, "x")):
            with pytest.raises(InputError, match="There is no conversation 'a'"):
                call("a")
        router.invoke("one", thread="a", hints=GENERAL)
        with pytest.raises(InputError, match="There is a conversation 'a' already"):
            router.threads.fork("a", "a")


def test_a_conversation_outlives_the_process(tmp_path):
    path = str(tmp_path / "threads.sqlite")
    with opened(tmp_path, path) as router:
        router.invoke([{"role": "user", "content": "I am Ada."}], thread="a", hints=GENERAL)
    backend = FakeBackend([GENERAL_SMALL], [Reply("Ada.")])
    with make_router(backend, tmp_path, threads={"path": path}) as router:
        router.invoke("Who am I?", thread="a", hints=GENERAL)
        assert texts(backend.calls[0].messages) == ["I am Ada.", "I am Ada.", "Who am I?"]


def test_only_messages_are_kept_and_only_once(tmp_path):
    path = tmp_path / "threads.sqlite"
    with opened(tmp_path, str(path)) as router:
        for n in range(6):
            router.invoke(f"number {n}", thread="a", hints=GENERAL)
        kept = list(router.threads._store.saver.list(None))
    assert len(kept) <= 2
    assert {name for k in kept for name, value in k.checkpoint["channel_values"].items() if value} == {"history"}
    file = sqlite3.connect(path)
    blobs = [blob for (blob,) in file.execute("select checkpoint from checkpoints")]
    assert file.execute("select count(*) from writes").fetchone() == (0,)
    file.close()
    assert all(b"pickle" not in blob for blob in blobs)
    assert max(blob.count(b"number 3") for blob in blobs) == 2


@pytest.mark.parametrize("harmful", [Path("/etc/passwd"), CompletedProcess(["x"], 0)], ids=["msgpack", "pickle"])
def test_what_is_not_a_message_is_not_brought_to_life(tmp_path, harmful):
    """A database that somebody else has written must not make objects of their choice."""
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    path = tmp_path / "threads.sqlite"
    with opened(tmp_path, str(path)) as router:
        router.invoke("one", thread="a", hints=GENERAL)
        kept = next(router.threads._store.saver.list(None))
        kept.checkpoint["channel_values"]["history"] = [harmful]
        form, blob = JsonPlusSerializer(pickle_fallback=True).dumps_typed(kept.checkpoint)
    file = sqlite3.connect(path)
    file.execute("update checkpoints set type = ?, checkpoint = ?", (form, blob))
    file.commit()
    file.close()
    with opened(tmp_path, str(path)) as router, pytest.raises(RouterError, match="can't be used"):
        router.threads.history("a")


def test_a_call_without_a_thread_opens_nothing(tmp_path):
    path = tmp_path / "kept" / "threads.sqlite"
    with opened(tmp_path, str(path)) as router:
        router.invoke("hello", hints=GENERAL)
    assert not path.parent.exists()


def test_threads_and_processes_share_a_file(tmp_path):
    path = str(tmp_path / "threads.sqlite")
    with opened(tmp_path, path) as router, opened(tmp_path, path) as other:
        router.invoke("one", thread="a", hints=GENERAL)
        other.invoke("two", thread="a", hints=GENERAL)
        router.batch([f"number {n}" for n in range(8)], thread="b", hints=GENERAL)
        assert texts(router.threads.history("a")) == ["one", "one", "two", "two"]
        assert {t.id for t in other.threads.list()} == {"a", "b"}


def test_a_newer_database_is_left_alone(tmp_path):
    path = tmp_path / "threads.sqlite"
    file = sqlite3.connect(path)
    file.execute("pragma user_version = 9")
    file.close()
    before = path.read_bytes()
    with opened(tmp_path, str(path)) as router:
        with pytest.raises(RouterError, match=r"kept by a newer version of qwen-router\. Update with `pip install -U"):
            router.threads.list()
        with pytest.raises(RouterError, match="newer version"):
            router.invoke("hello", thread="a", hints=GENERAL)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"no database" * 1000, None], ids=["another-file", "a-directory"])
def test_what_is_no_database_is_said_in_one_line(tmp_path, damage):
    path = tmp_path / "threads.sqlite"
    _ = path.mkdir() if damage is None else path.write_bytes(damage)
    with opened(tmp_path, str(path)) as router, pytest.raises(RouterError, match=r"can't be used: .*Mend or") as said:
        router.invoke("hello", thread="a", hints=GENERAL)
    assert "\n" not in str(said.value)


def test_a_database_that_is_damaged_inside_is_said_in_one_line(tmp_path):
    path = tmp_path / "threads.sqlite"
    with opened(tmp_path, str(path)) as router:
        for n in range(40):
            router.invoke(f"number {n} " + "x" * 400, thread=str(n), hints=GENERAL)
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with opened(tmp_path, str(path)) as router, pytest.raises(RouterError, match=r"can't be used: .*Mend or"):
        router.threads.list()


def test_a_file_that_can_only_be_read_is_said_before_an_answer_is_lost(tmp_path, monkeypatch):
    path = tmp_path / "threads.sqlite"
    with opened(tmp_path, str(path)) as router:
        router.invoke("one", thread="a", hints=GENERAL)
    # As if it lay on a read-only medium: the tests may run as root, whom no permission keeps from writing.
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **options: connect(f"file:{path}?mode=ro", uri=True, **options)
    )
    backend = FakeBackend([GENERAL_SMALL])
    made = make_router(backend, tmp_path, threads={"path": str(path)}, sizing={"learn": False})
    with (
        made as router,
        pytest.raises(RouterError, match=r"can't be used: attempt to write a readonly database\. Mend"),
    ):
        router.invoke("two", thread="a", hints=GENERAL)
    assert backend.calls == []


def test_postgres_names_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "langgraph.checkpoint.postgres", None)
    with opened(tmp_path, "postgresql://me@localhost/kept") as router:
        with pytest.raises(ConfigError, match=r"Run `pip install 'qwen-router\[postgres\]'`"):
            router.threads.list()
        assert router.invoke("hello", hints=GENERAL).text == "hello"
