"""Runs every example with the real 0.5B model."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def env(embedded_gguf, tmp_path):
    """An operator's file that has the one small model and short answers."""
    config = tmp_path / "c.toml"
    config.write_text(
        f'[weights]\nsources = ["local", "embedded"]\ndirectories = ["{embedded_gguf.parent}"]\n'
        "[sizing]\ncontext = 2048\nlearn = false\n[generation]\nmax_new_tokens = 60\n[escalation]\nmax_attempts = 1\n"
    )
    return {**os.environ, "QWEN_ROUTER_CONFIG": str(config), "NO_COLOR": "1"}


def run(name, env, *arguments):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "agent.py",
        "csv_batch.py",
        "custom_specialist.py",
        "hello.py",
        "web_stream.py",
    }


def test_hello(env):
    out = run("hello.py", env).stdout
    assert "palindrome" in out
    assert "Instruct at q4_k_m" in out.splitlines()[-1]


def test_a_web_handler_streams_and_goes_on_after_a_reader_who_left(env):
    server = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "web_stream.py"), "0"], env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        address = server.stdout.readline().rpartition("...")[0]
        urllib.request.urlopen(address + "Tell+me+a+long+story").close()
        question = urllib.parse.quote_plus("Write a Python function that adds two numbers")
        with urllib.request.urlopen(address + question) as answer:
            assert "def " in answer.read().decode()
        with urllib.request.urlopen(address) as answer:
            assert "The request is empty" in answer.read().decode()
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate()
    assert server.returncode == 0


def test_a_batch_over_a_csv_keeps_rows_and_order(env, tmp_path):
    file = tmp_path / "reviews.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(
            [["id", "text"], ["1", "I love it, in\ntwo lines"], ["2", "Dreadful."], ["3", "Fine."]]
        )
    done = run("csv_batch.py", env, str(file), "text", "Is this review positive? Answer yes or no.")
    rows = list(csv.DictReader(done.stdout.splitlines(keepends=True)))
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["text"] == "I love it, in\ntwo lines"
    assert all(row["answer"] and row["model"] and not row["error"] for row in rows), rows
    assert "Rows" in done.stderr


def test_a_custom_specialist_gets_its_task(env):
    out = run("custom_specialist.py", env).stdout
    assert out.splitlines()[0] == "task: appointment"
    assert "dentist" in out.lower()


def test_an_agent_calls_its_tool_and_tells(env):
    out = run("agent.py", env).stdout
    assert "Tool Calls:" in out
    assert "Sunny, 21 °C" in out
    assert "Ai Message" in out.partition("Tool Message")[2]
