"""Files of JSON lines: one request a line in, one object a line out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def map_lines(
    lines: Iterable[str | bytes],
    out: TextIO,
    answer: Callable[[dict[str, Any]], dict[str, Any]],
    report: Callable[[str], None],
) -> int:
    """Write what `answer` says of each good line, after its id; report and skip the bad ones.

    Args:
        lines: Each `{"id", "text" | "messages", "has_image"?, "has_audio"?}`; a message is `{"role", "content"}`.
            Blank lines are passed over.
        out: Takes `{"id", ...}`, one a line.
        answer: May raise a `ValueError` for a line that it can't use.
        report: Takes one sentence a bad line, with its number from 1.

    Returns:
        How many lines were bad: the caller exits with 2 when there were any.
    """
    bad = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = _row(line)
            found = answer(row)
        except (ValueError, RecursionError) as error:
            bad += 1
            report(f"line {number}: {error}; skipped")
            continue
        out.write(json.dumps({"id": row["id"], **found}, ensure_ascii=False) + "\n")
    return bad


def messages_of(row: dict[str, Any]) -> tuple[BaseMessage, ...]:
    """Return a row's `messages`, converted.

    Raises:
        ValueError: There are none, or they are no messages.
    """
    if not row["messages"]:
        raise ValueError('"messages" is empty')
    # LangChain takes most of a second to import: texts alone shall not wait for it.
    from langchain_core.messages import convert_to_messages

    try:
        return tuple(convert_to_messages(row["messages"]))
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise ValueError(f'"messages" are not messages ({str(error).splitlines()[0]})') from error


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
