"""Compound requests split as stated, and single ones stay whole: with the real classifier."""

import json
import os
import random
from itertools import groupby
from pathlib import Path

import pytest

from qwen_router import Request, Settings
from qwen_router.classify import Classifier
from qwen_router_policies.planning import plan

ROOT = Path(__file__).resolve().parents[2]
ROWS = [json.loads(line) for line in (ROOT / "tests/data/compound.jsonl").read_text("utf-8").splitlines()]
DEV = Path(os.environ.get("QWEN_ROUTER_DATA", ROOT.parent / "shared" / "data")) / "routing" / "dev.jsonl"
ATTACHED = {
    "has_image": {"type": "image", "base64": "aGk=", "mime_type": "image/png"},
    "has_audio": {"type": "audio", "base64": "aGk=", "mime_type": "audio/wav"},
}
SINGLE = 50


@pytest.fixture(scope="module")
def classifier():
    return Classifier(stages=1)


@pytest.mark.parametrize("row", ROWS, ids=[f"{r['language']}{i}" for i, r in enumerate(ROWS)])
def test_a_compound_request_is_split_as_stated(row, classifier):
    made = plan(Request.of(row["text"]), classifier.classify_text, Settings())
    assert made is not None
    assert [s.task for s in made.steps] == row["tasks"]
    assert [list(s.needs) for s in made.steps] == row["needs"]
    assert made.context == row.get("context", "")


def test_the_compound_requests_are_ten_of_two_to_four_parts_in_three_languages():
    assert len(ROWS) == 10
    assert {r["language"] for r in ROWS} == {"en", "es", "zh"}
    assert {len(r["tasks"]) for r in ROWS} == {2, 3, 4}


def test_fifty_single_requests_are_never_split(classifier):
    if not DEV.exists():
        pytest.skip(f"no routing data in {DEV.parent}: set QWEN_ROUTER_DATA")
    rows = sorted(map(json.loads, DEV.read_text("utf-8").splitlines()), key=lambda row: row["task"])
    tasks = [list(group) for _, group in groupby(rows, key=lambda row: row["task"])]
    drawn = random.Random(0)
    single = [row for group in tasks for row in drawn.sample(group, SINGLE // len(tasks))]
    assert len(single) == SINGLE
    assert [row["id"] for row in single if plan(asked(row), classifier.classify_text, Settings())] == []


def asked(row):
    blocks = [block for flag, block in ATTACHED.items() if row[flag]]
    return Request.of([{"role": "user", "content": [{"type": "text", "text": row["text"]}, *blocks]}])
