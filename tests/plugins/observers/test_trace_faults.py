"""A store that can't be used: calls are answered, and it is said once."""

import os
import sqlite3

import pytest
from conftest import make_router
from full_disk import disk_of
from stored import GENERAL, rows_of

from qwen_router_plugins.observers.traces import writer

PLUGIN = "qwen_router_plugins.observers.traces:Traces"


def ask(router, times=3):
    for _ in range(times):
        assert router.invoke("hello", hints=GENERAL).text


def said(caplog):
    """Return what was said of the store, which is to be one line."""
    [line] = [r.message for r in caplog.records if "store of decisions" in r.message]
    return line


def missed(router):
    return router._services.status().faults.get(PLUGIN, 0)


@pytest.fixture
def at_once(monkeypatch):
    """Try again at once after a fault."""
    monkeypatch.setattr(writer, "_PAUSE", 0.0)


def test_a_place_that_cannot_be_written_is_said_once_with_the_fix(routing, store, caplog):
    (store.parent / "file").write_text("")
    router = routing(path=str(store.parent / "file" / "traces.sqlite"))
    ask(router)
    assert "can't be written" in said(caplog)
    assert "traces.path" in said(caplog)
    assert missed(router) == 3


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written_is_said_once(routing, store, caplog):
    place = store.parent / "place"
    place.mkdir(mode=0o500)
    router = routing(path=str(place / "traces.sqlite"))
    ask(router)
    assert "can't be written" in said(caplog)
    assert missed(router) == 3


def test_a_key_that_cannot_be_made_is_said_once(routing, store, caplog, monkeypatch):
    (store.parent / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(store.parent / "file"))
    router = routing()
    ask(router)
    assert "can't be written" in said(caplog)


def test_a_store_that_another_process_holds_is_said_once_and_used_again_later(routing, store, caplog, monkeypatch):
    router = routing()
    ask(router, 1)
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("begin immediate")
    ask(router, 3)
    assert "Another process holds" in said(caplog)
    assert missed(router) == 3
    holder.execute("rollback")
    holder.close()
    # The pause is over.
    monkeypatch.setattr(writer.time, "monotonic", lambda: 1e12)
    ask(router, 2)
    assert missed(router) == 3
    assert len(rows_of(store)) == 3


def test_only_one_call_waits_for_a_held_store(routing, store, monkeypatch):
    router = routing()
    ask(router, 1)
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("begin immediate")
    ask(router, 1)

    def fail(seconds):
        raise AssertionError("A call waits.")

    monkeypatch.setattr(writer.time, "sleep", fail)
    ask(router, 3)
    assert missed(router) == 4
    holder.close()


def test_a_full_disk_loses_no_answer_and_no_row_that_was_stored(routing, store, caplog, at_once):
    router = routing()
    ask(router, 2)
    with disk_of(store.with_name("traces.sqlite-wal").stat().st_size + 4096):
        ask(router, 20)
    lost = missed(router)
    assert lost > 0
    assert said(caplog)
    ask(router, 2)
    assert missed(router) == lost
    assert len(rows_of(store)) == 24 - lost


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look like one" * 100, b"\0" * 9000])
def test_a_damaged_file_is_moved_aside_and_a_new_one_begins(routing, store, caplog, content):
    store.write_bytes(content)
    router = routing()
    ask(router)
    assert "traces.sqlite.damaged" in said(caplog)
    assert store.with_name("traces.sqlite.damaged").read_bytes() == content
    assert len(rows_of(store)) == 3
    assert missed(router) == 0


def test_damage_that_is_met_while_writing_is_dealt_with_too(routing, store, caplog):
    with routing() as router:
        ask(router, 30)
    whole = store.read_bytes()
    store.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    router = routing()
    ask(router)
    assert "damaged" in said(caplog)
    assert len(rows_of(store)) == 3
    assert missed(router) == 0


def test_a_store_that_others_have_moved_away_is_left_to_them(routing, store, caplog):
    store.write_bytes(b"no database" * 1000)
    first, second = routing(), routing()
    ask(first)
    ask(second)
    assert said(caplog)
    assert len(rows_of(store)) == 6


def test_a_store_of_a_newer_version_is_left_alone(routing, store, caplog):
    with routing() as router:
        ask(router, 1)
    with sqlite3.connect(store) as file:
        file.execute("pragma user_version = 99")
    file.close()
    router = routing()
    ask(router)
    assert "newer qwen-router" in said(caplog)
    assert "Update qwen-router" in said(caplog)
    assert missed(router) == 3
    with sqlite3.connect(store) as file:
        assert file.execute("select count(*) from decision").fetchone() == (1,)
    file.close()


def test_another_programs_database_is_left_alone(routing, store, caplog):
    with sqlite3.connect(store) as file:
        file.execute("create table theirs (x)")
    file.close()
    ask(routing())
    assert "is no store of decisions" in said(caplog)


def test_a_file_that_is_removed_while_it_is_open_is_made_again(routing, store, monkeypatch):
    monkeypatch.setattr(writer, "_LOOK", 0.0)
    router = routing()
    ask(router, 1)
    for file in store.parent.glob("traces.sqlite*"):
        file.unlink()
    ask(router, 2)
    assert len(rows_of(store)) == 2


def test_routers_that_are_closed_leave_no_thread_and_no_log_of_writes(routing, store):
    import threading

    with routing() as router:
        ask(router)
    assert not [t for t in threading.enumerate() if t.name == "qwen-router-traces"]
    assert not store.with_name("traces.sqlite-wal").exists()


def test_the_directory_of_the_store_is_made(backend, tmp_path):
    path = tmp_path / "a" / "b" / "traces.sqlite"
    with make_router(backend, tmp_path, traces={"path": str(path)}) as router:
        ask(router, 1)
        assert len(rows_of(path)) == 1
