"""The store is read while it is written, by others too."""

import sqlite3

import pytest
from conftest import make_router
from stored import GENERAL

from qwen_router import TracesError
from qwen_router.traces import TraceStore


@pytest.fixture
def store(tmp_path):
    return tmp_path / "dir with ? and #" / "traces.sqlite"


@pytest.fixture
def writing(backend, tmp_path, store):
    with make_router(backend, tmp_path, traces={"path": str(store), "content": "text"}) as router:
        for at in range(5):
            router.invoke(f"hello {at}", hints=GENERAL)
        yield router


def prompts(opened, **which):
    return [opened.packed(row).plan.steps[0].prompt for row in opened.read(**which)]


def test_rows_come_in_the_order_in_which_they_were_written(writing, store):
    with TraceStore(store) as opened:
        assert prompts(opened) == [f"hello {at}" for at in range(5)]
        assert prompts(opened, last=2) == ["hello 3", "hello 4"]
        assert prompts(opened, last=99) == prompts(opened)
        third = list(opened.read())[2]
        assert prompts(opened, since=third.created) == ["hello 2", "hello 3", "hello 4"]
        assert prompts(opened, since=third.created, last=1) == ["hello 4"]


def test_a_reader_sees_the_store_as_it_was_when_it_was_opened(writing, store):
    with TraceStore(store) as opened:
        rows = opened.read()
        next(rows)
        writing.invoke("later", hints=GENERAL)
        with sqlite3.connect(store) as file:
            file.execute("delete from decision")
            file.execute("delete from slate")
        file.close()
        assert len([opened.decision(row) for row in rows]) == 4
    with TraceStore(store) as opened:
        assert list(opened.read()) == []


def test_a_store_can_be_read_after_its_router_is_closed(writing, store):
    writing.close()
    with TraceStore(store) as opened:
        assert len(list(opened.read())) == 5


def test_what_cannot_be_read_is_said_in_one_line_with_the_fix(tmp_path):
    for path, content in ((tmp_path / "none", None), (tmp_path / "garbage", b"garbage" * 2000)):
        if content:
            path.write_bytes(content)
        with pytest.raises(TracesError, match=r"can't be read: .* remove it") as caught:
            TraceStore(path)
        assert "\n" not in str(caught.value)
        assert path.exists() == bool(content)


def test_another_programs_and_a_newer_versions_file_are_refused(writing, store, tmp_path):
    with sqlite3.connect(tmp_path / "other") as file:
        file.execute("create table theirs (x)")
    file.close()
    with pytest.raises(TracesError, match="no store of decisions"):
        TraceStore(tmp_path / "other")
    writing.close()
    with sqlite3.connect(store) as file:
        file.execute("pragma user_version = 99")
    file.close()
    with pytest.raises(TracesError, match=r"newer qwen-router.* Update qwen-router"):
        TraceStore(store)


@pytest.mark.parametrize("table", ["decision", "slate"])
def test_a_damaged_row_is_an_error_of_the_store(writing, store, table):
    with sqlite3.connect(store) as file:
        file.execute(f"update {table} set body = x'00'")
    file.close()
    with TraceStore(store) as opened:
        row = next(iter(opened.read()))
        with pytest.raises(TracesError, match="can't be read"):
            opened.decision(row)
