"""Classify a file of JSON lines: what `qwen-router classify --jsonl` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TextIO

from qwen_router.classify import conversation
from qwen_router.classify.classifier import Classifier
from qwen_router.jsonl import map_lines, messages_of
from qwen_router.request import Request
from qwen_router.types import Classification

FIELDS = ("task", "scores", "difficulty", "language", "attack", "confidence", "stage", "reasons")


def classify_lines(
    lines: Iterable[str | bytes], out: TextIO, classifier: Classifier, report: Callable[[str], None]
) -> int:
    """Write one classification a good line, report and skip the bad ones; see `map_lines`."""
    return map_lines(lines, out, lambda row: _fields(_classify(row, classifier)), report)


def _classify(row: dict[str, Any], classifier: Classifier) -> Classification:
    image, audio = row.get("has_image", False), row.get("has_audio", False)
    if "messages" not in row:
        return classifier.classify_text(row["text"], has_image=image, has_audio=audio)
    messages = messages_of(row)
    if image or audio:
        last = conversation.read(messages).turn
        return classifier.classify_text(last.text, has_image=image, has_audio=audio)
    return classifier.classify(Request(messages=messages))


def _fields(found: Classification) -> dict[str, Any]:
    fields = {name: getattr(found, name) for name in FIELDS if name != "reasons"}
    fields["scores"] = {name: round(score, 6) for name, score in found.scores.items()}
    fields["attack"] = round(found.attack, 6)
    fields["reasons"] = [{"signal": reason.signal, "weight": reason.weight} for reason in found.reasons]
    return fields
