"""What only the public data can show; skipped where it is not at hand."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from qwen_router.classify import Classifier
from qwen_router.classify.train.data import misspell

TEXT = {"math", "code", "general"}


@pytest.fixture(scope="module")
def rows(data: Path) -> list[dict[str, Any]]:
    """Return the held-out rows."""
    return [json.loads(line) for line in (data / "routing" / "dev.jsonl").read_text("utf-8").splitlines()]


def right(classifier: Classifier, rows: list[dict[str, Any]]) -> float:
    """Return the share of rows whose task is found from text alone."""
    return sum(classifier.classify_text(row["text"]).task == row["task"] for row in rows) / len(rows)


def test_held_out_rows(classifier: Classifier, rows: list[dict[str, Any]]) -> None:
    assert right(classifier, [row for row in rows if row["task"] in TEXT]) >= 0.93


def test_attachments_settle_vision_and_audio(classifier: Classifier, rows: list[dict[str, Any]]) -> None:
    attached = [row for row in rows if row["has_image"] or row["has_audio"]]
    found = classifier.classify_many(attached)
    assert [each.task for each in found] == [row["task"] for row in attached]


def test_typing_errors_cost_little(classifier: Classifier, rows: list[dict[str, Any]]) -> None:
    clean = [row for row in rows if row["task"] in TEXT]
    chance = random.Random(1)
    noisy = [{**row, "text": misspell(row["text"], 0.05, chance)} for row in clean]
    assert right(classifier, noisy) >= right(classifier, clean) - 0.03


def test_language_of_longer_rows(classifier: Classifier, rows: list[dict[str, Any]]) -> None:
    long = [row for row in rows if len(row["text"]) >= 40]
    hits = [classifier.classify_text(row["text"]).language == row["language"] for row in long]
    assert sum(hits) / len(hits) >= 0.97


def test_a_new_task_costs_the_built_in_ones_little(rows: list[dict[str, Any]], classifier: Classifier) -> None:
    examples = [f"What does the law say about {matter}?" for matter in (
        "divorce", "a broken contract", "theft", "inheritance", "copyright", "eviction", "libel", "bail",
        "a will", "custody of children", "trespassing", "unpaid wages",
    )]  # fmt: skip
    clean = [row for row in rows if row["task"] in TEXT]
    more = Classifier({"law": examples}, stages=1)
    assert right(more, clean) >= right(classifier, clean) - 0.01
