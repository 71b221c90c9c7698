"""Killed at any moment, a router leaves a store that opens and holds what was delivered."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from stored import decisions_of, rows_of

TESTS = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="routers are forked from a process that has everything imported")
def test_whatever_was_delivered_before_a_kill_is_in_the_store(tmp_path, store):
    command = [sys.executable, str(TESTS / "killed_process.py"), str(store), str(tmp_path), "50", "8"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, sys.path)])}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    delivered = set(done.stdout.split())
    assert not done.stderr
    assert len(delivered) >= 50
    stored = [row.request_id for row in rows_of(store)]
    assert delivered <= set(stored)
    assert len(stored) == len(set(stored)) <= len(delivered) + 50
    assert all(decision.choices["1"].candidates for decision in decisions_of(store))
    with sqlite3.connect(store) as file:
        assert file.execute("pragma integrity_check").fetchall() == [("ok",)]
    file.close()
    assert not list(tmp_path.glob("*.damaged"))
