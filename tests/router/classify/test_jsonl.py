"""JSON lines in, JSON lines out."""

from __future__ import annotations

import io
import json

from qwen_router.classify import Classifier
from qwen_router.classify.jsonl import FIELDS, classify_lines

GOOD = [
    {"id": 1, "text": "Solve 2x = 4 for x."},
    {"id": "b", "messages": [{"role": "user", "content": "What is this?"}], "has_image": True},
    {"id": 3, "messages": [{"role": "user", "content": "Write a Python script that sorts a file."}]},
]
BAD = [
    "{", "[]", '{"text": "no id"}', '{"id": 1}', '{"id": 1, "text": 5}', '{"id": 1, "text": "x", "has_image": "yes"}',
    '{"id": 1, "messages": [{"content": 3}]}', b"\xff\xfe",
]  # fmt: skip


def test_good_lines_come_out_and_bad_ones_are_counted(classifier: Classifier) -> None:
    out, reports = io.StringIO(), []
    lines = [*(json.dumps(row) for row in GOOD), "", *BAD]
    assert classify_lines(lines, out, classifier, reports.append) == len(BAD)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["id"] for row in found] == [1, "b", 3]
    assert [row["task"] for row in found] == ["math", "vision", "code"]
    assert all(set(row) == {"id", *FIELDS} for row in found)
    assert [report.split(":")[0] for report in reports] == [f"line {n}" for n in range(5, 5 + len(BAD))]
