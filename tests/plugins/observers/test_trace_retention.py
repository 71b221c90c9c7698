"""Old rows go, and the file keeps to its size."""

import sqlite3
import time

import pytest
from stored import GENERAL, decisions_of, rows_of

from qwen_router.config_monitoring import TracesSection
from qwen_router.traces import COLUMNS, TraceStore
from qwen_router.traces.schema import REACH
from qwen_router_plugins.observers.traces import writer
from qwen_router_plugins.observers.traces.files import open_file
from qwen_router_plugins.observers.traces.retention import Retention

DAY = 86_400.0


@pytest.fixture
def filled(routing, store):
    """A store of 600 rows, the first 500 of them 40 days old; the later ones have a slate of their own."""
    with routing() as router:
        router.invoke("hello", hints=GENERAL)
        router.invoke("Solve x + 1 = 2.", hints={"task": "math"})
    names = COLUMNS.removeprefix("id, ")
    copied = names.replace("created", "?")
    with sqlite3.connect(store) as file:
        for at, count in ((1, 499), (2, 99)):
            file.executemany(
                f"insert into decision ({names}) select {copied} from decision where id = {at}",
                [(time.time(),)] * count,
            )
        # As if there had been more between them.
        file.execute("update decision set id = id + ? where task = 'math'", (REACH,))
        file.execute("update decision set created = created - ? where task = 'general'", (40 * DAY,))
    file.close()
    return store


def tidy(store, **rules):
    """Do all the work there is, and return the numbers of pieces and of slates that are left."""
    file = open_file(store, patience=1.0)
    retention = Retention(file, TracesSection(**rules))
    pieces = 0
    while retention.step():
        pieces += 1
        assert pieces < 1000
    [slates] = file.execute("select count(*) from slate").fetchone()
    file.close()
    return pieces, slates


def test_rows_that_are_too_old_go_a_piece_at_a_time_with_their_slates(filled):
    pieces, slates = tidy(filled, keep_days=30)
    assert pieces >= 3
    assert slates == 1
    assert {row.task for row in rows_of(filled)} == {"math"}
    assert len(decisions_of(filled)) == 100


def test_rows_that_are_young_enough_stay(filled):
    tidy(filled, keep_days=50)
    assert len(rows_of(filled)) == 600


def test_a_file_that_is_too_large_loses_its_oldest_rows_and_shrinks(filled):
    before = filled.stat().st_size
    tidy(filled, keep_days=50, max_size=f"{before // 2}B")
    rows = rows_of(filled)
    assert 0 < len(rows) < 600
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert rows[-1].task == "math"
    assert filled.stat().st_size <= before // 2


def test_a_row_from_the_future_keeps_no_other_from_going(filled):
    with sqlite3.connect(filled) as file:
        file.execute("update decision set created = ? where id = (select min(id) from decision)", (time.time() + DAY,))
    file.close()
    tidy(filled, keep_days=30)
    assert sum(row.task == "general" for row in rows_of(filled)) == 1


def test_a_router_tidies_up_beside_its_calls(filled, routing):
    with routing() as router:
        router.invoke("hello", hints=GENERAL)
    assert len(rows_of(filled)) <= 601 - 200


def test_the_last_rows_may_go_too(filled):
    tidy(filled, keep_days=1e-9)
    assert rows_of(filled) == []


def test_no_row_refers_to_a_slate_that_may_go_before_it(routing, store, monkeypatch):
    monkeypatch.setattr(writer, "REACH", 3)
    with routing() as router:
        for _ in range(10):
            router.invoke("hello", hints=GENERAL)
    with sqlite3.connect(store) as file:
        born = dict(file.execute("select id, born from slate"))
    file.close()
    assert len(born) == 3
    with TraceStore(store) as opened:
        slates = {row.id: opened.packed(row).choices[0].slate for row in opened.read()}
    assert all(id <= born[slate] + 3 + 1 for id, slate in slates.items())
    assert len(decisions_of(store)) == 10
