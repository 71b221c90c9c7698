"""Classify a file of JSON lines: what ``qwen-router classify --jsonl`` does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from qwen_router.classify import conversation
from qwen_router.classify.classifier import Classifier
from qwen_router.request import Request
from qwen_router.types import Classification

FIELDS = ("task", "scores", "difficulty", "language", "attack", "confidence", "stage", "reasons")


def classify_lines(
    lines: Iterable[str | bytes], out: TextIO, classifier: Classifier, report: Callable[[str], None]
) -> int:
    """Write one classification a good line, report and skip the bad ones.

    Args:
        lines: each ``{"id", "text" | "messages", "has_image"?, "has_audio"?}``; a message is
            ``{"role", "content"}``. Blank lines are passed over.
        out: takes ``{"id", "task", "scores", …}``, one a line.
        report: takes one sentence a bad line, with its number from 1.

    Returns:
        How many lines were bad: the caller exits with 2 when there were any.
    """
    bad = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = _row(line)
            found = _classify(row, classifier)
        except (ValueError, RecursionError) as error:
            bad += 1
            report(f"line {number}: {error}; skipped")
            continue
        out.write(json.dumps({"id": row["id"], **_fields(found)}, ensure_ascii=False) + "\n")
    return bad


def _row(line: str | bytes) -> dict[str, Any]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("expected an object")
    if "id" not in row:
        raise ValueError('"id" is missing')
    if isinstance(row.get("text"), str) == isinstance(row.get("messages"), list):
        raise ValueError('expected either "text", a string, or "messages", a list')
    for flag in ("has_image", "has_audio"):
        if not isinstance(row.get(flag, False), bool):
            raise ValueError(f'"{flag}" is neither true nor false')
    return row


def _classify(row: dict[str, Any], classifier: Classifier) -> Classification:
    image, audio = row.get("has_image", False), row.get("has_audio", False)
    if "messages" not in row:
        return classifier.classify_text(row["text"], has_image=image, has_audio=audio)
    if not row["messages"]:
        raise ValueError('"messages" is empty')
    # LangChain takes most of a second to import: texts alone shall not wait for it.
    from langchain_core.messages import convert_to_messages

    try:
        messages = tuple(convert_to_messages(row["messages"]))
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise ValueError(f'"messages" are not messages ({str(error).splitlines()[0]})') from error
    if image or audio:
        last = conversation.read(messages).turn
        return classifier.classify_text(last.text, has_image=image, has_audio=audio)
    return classifier.classify(Request(messages=messages))


def _fields(found: Classification) -> dict[str, Any]:
    fields = {name: getattr(found, name) for name in FIELDS if name != "reasons"}
    fields["scores"] = {name: round(score, 6) for name, score in found.scores.items()}
    fields["reasons"] = [{"signal": reason.signal, "weight": reason.weight} for reason in found.reasons]
    return fields
