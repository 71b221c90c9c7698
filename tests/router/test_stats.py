"""`qwen-router stats`."""

import json
import sqlite3
from datetime import datetime

import pytest
from conftest import GENERAL_SMALL, MATH, make_router
from fixtures_cli import one_line
from stored import GENERAL

from qwen_router import Hints, InputError
from qwen_router.cli import console
from qwen_router.cli.since import read_since
from qwen_router.cli.sparkline import sparkline
from qwen_router.testing import FakeBackend
from qwen_router.traces import path_of


@pytest.fixture
def stored(tmp_path):
    """Store three answers, of two models, and a refusal."""
    with make_router(FakeBackend([GENERAL_SMALL, MATH]), tmp_path, limits={"max_characters": 50}) as router:
        router.invoke("hello there", hints=GENERAL)
        router.invoke("hello again", hints=GENERAL)
        router.invoke("What is 2 + 2?", hints=Hints(task="math"))
        router.invoke("x" * 100)
        return path_of(router.settings)


def test_it_says_how_many_how_fast_and_what_became_of_them(run, stored):
    ran = run("stats")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("4 requests, ")
    found = {line.split()[0]: line.split() for line in lines[1:] if line.strip()}
    assert found["answered"] == ["answered", "3"]
    assert found["refused"] == ["refused", "25%", "length", "1"]
    assert found["thinking"][1] == "0%"
    assert [len(found[name]) for name in ("tokens/s", "mean")] == [5, 4]
    assert "largest model that fits" in ran.out
    assert "parameters x tokens" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("by", "names"), [("model", ["Qwen3-0.6B", "Qwen2.5-Math-7B-Instruct"]), ("task", ["general", "math"])]
)
def test_models_or_tasks_are_told_apart(run, stored, by, names):
    lines = run("stats", "--by", by).out.splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith(by))
    assert [line.split()[:2] for line in lines[at + 1 : at + 3]] == [[names[0], "2"], [names[1], "1"]]


def test_only_the_last_or_the_latest_may_be_counted(run, stored):
    assert run("stats", "--last", "2").out.startswith("2 requests")
    with sqlite3.connect(stored) as file:
        file.execute("update decision set created = created - 7200 where id < 3")
    file.close()
    assert run("stats", "--since", "1h").out.startswith("2 requests")
    assert run("stats", "--since", "3h").out.startswith("4 requests")
    assert run("stats", "--since", "3h", "--last", "1").out.startswith("1 request,")


def test_json_says_the_same(run, stored):
    found = json.loads(run("stats", "--json", "--by", "task").out)
    assert (found["requests"], found["answered"], found["refused"]) == (4, 3, {"length": 1})
    assert list(found["groups"]) == ["general", "math"]
    assert found["seconds"]["p50"] > 0


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(run, stored, monkeypatch, width):
    monkeypatch.setattr(console.out, "width", width)
    for by in ("model", "task"):
        out = run("stats", "--by", by).out
        assert max(map(len, out.splitlines())) <= width
    if width == 80:
        # Nothing that belongs on a line is folded.
        assert "Qwen2.5-Math-7B-Instruct" in run("stats", "--by", "model").out


def test_an_empty_store_is_one_helpful_line(run, tmp_path):
    for arguments in ((), ("--since", "1d")):
        ran = run("stats", *arguments)
        assert (ran.code, len(ran.out.splitlines())) == (0, 1)
        assert "No decisions are stored" in ran.out
    assert "qwen-router ask" in run("stats").out
    assert json.loads(run("stats", "--json").out)["requests"] == 0


def test_a_store_that_is_switched_off_says_so(run, monkeypatch):
    monkeypatch.setenv("QWEN_ROUTER__TRACES__ENABLED", "false")
    assert "traces.enabled is false" in run("stats").out


def test_a_time_that_is_none_is_the_users_mistake(run):
    assert "30m, 6h, 1d or 2w" in one_line(run("stats", "--since", "yesterday"), 2)


def test_a_newer_store_is_one_line(run, stored):
    with sqlite3.connect(stored) as file:
        file.execute("pragma user_version = 99")
    file.close()
    assert "Update qwen-router" in one_line(run("stats"), 1)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("30m", 1e9 - 1800),
        ("6h", 1e9 - 21_600),
        ("1d", 1e9 - 86_400),
        ("2w", 1e9 - 1_209_600),
        ("0m", 1e9),
        ("99999999999w", 0.0),
        ("2026-01-31", datetime(2026, 1, 31).timestamp()),
        ("2026-01-31T12:30", datetime(2026, 1, 31, 12, 30).timestamp()),
        ("2026-01-31T12:30Z", 1_769_862_600.0),
    ],
)
def test_times_are_read_as_people_write_them(text, at):
    assert read_since(text, 1e9) == at


@pytest.mark.parametrize("text", ["", "1", "d", "-1d", "1y", "1.5d", "2026-02-31", "now", "١d"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError, match="is no time"):
        read_since(text, 1e9)


def test_a_sparkline_is_as_high_as_its_values():
    assert sparkline([0, 1, 4, 8, None, 8]) == " ▂▅█ █"
    assert sparkline([1, 8], unicode=False) == "_#"
    assert sparkline([]) == sparkline([None, 0]).strip() == ""
