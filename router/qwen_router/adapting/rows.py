"""What an adapter learns from: questions and answers, one a line of JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qwen_router.errors import InputError
from qwen_router.value import Value

FEWEST = 10
"""So that a tenth of the rows, for validation, is at least one."""
_SHAPE = 'Each line is {"prompt": "…", "answer": "…"}, or {"messages": […]} whose last message is the assistant\'s.'
_ROLES = ("system", "user", "assistant")


class Row(Value):
    """One answer to learn.

    Attributes:
        line: Where it stands in the file, from 1.
        turns: (role, text) of what comes before the answer.
    """

    line: int
    turns: tuple[tuple[str, str], ...]
    answer: str


class Data(Value):
    """A file of rows, and the SHA-256 of its bytes."""

    path: Path
    rows: tuple[Row, ...]
    sha256: str


def read_rows(path: Path) -> Data:
    """Read and check every row.

    Raises:
        InputError: The file can't be read, a line is no row, or there are too few; the message names the line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"Can't read {path}: {error.strerror or error}.", "Check the path.") from None
    rows = tuple(_rows(path, data))
    if len(rows) < FEWEST:
        raise InputError(
            f"{path} holds {len(rows)} row{'' if len(rows) == 1 else 's'}; training takes at least {FEWEST}.",
            "Add some: a hundred are a good start.",
        )
    return Data(path=path, rows=rows, sha256=hashlib.sha256(data).hexdigest())


def _rows(path: Path, data: bytes) -> Iterator[Row]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            *turns, (_, answer) = _turns(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}, line {number}: {error}.", _SHAPE) from None
        yield Row(line=number, turns=tuple(turns), answer=answer)


def _turns(line: bytes) -> list[tuple[str, str]]:
    """Return the (role, text) of a line, the answer last.

    Raises:
        ValueError: It has no question or no answer; the text says which, without a full stop.
    """
    try:
        row = json.loads(line)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON ({error.msg} at character {error.pos})") from None
    if not isinstance(row, dict):
        raise ValueError("it is no JSON object")
    if ("messages" in row) == ("prompt" in row):
        raise ValueError('it needs either "prompt" or "messages"')
    turns = _messages(row["messages"]) if "messages" in row else [("user", _text(row, "prompt"))]
    if "messages" not in row:
        turns.append(("assistant", _text(row, "answer")))
    if turns[-1][0] != "assistant":
        raise ValueError(f"it has no answer: the last message is the {turns[-1][0]}'s")
    if len(turns) < 2:
        raise ValueError("it has no question")
    return turns


def _messages(messages: Any) -> list[tuple[str, str]]:
    if not isinstance(messages, list) or not messages:
        raise ValueError('"messages" is no list of messages')
    turns = []
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise ValueError(f"a message has no role of {', '.join(_ROLES)}")
        turns.append((str(message["role"]), _text(message, "content")))
    return turns


def _text(row: dict[str, Any], key: str) -> str:
    if key not in row:
        raise ValueError(f'it has no {key}: "{key}" is missing')
    if not isinstance(row[key], str) or not row[key].strip():
        raise ValueError(f'it has no {key}: "{key}" is {"empty" if row[key] in ("", None) else "no text"}')
    return str(row[key])
