"""A conversation as a file: JSON keeps everything, Markdown reads well."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, convert_to_messages

from qwen_router.errors import InputError
from qwen_router.request import blocks_of, text_of

_ROLES = {"human": "user", "ai": "assistant", "system": "system"}
_MADE = {"user": HumanMessage, "assistant": AIMessage, "system": SystemMessage}
_MARK = re.compile(r"^<!-- (user|assistant|system) -->\n", re.M)
# A line of the text that looks like a mark gets a backslash more, and loses it again.
_LIKE_A_MARK = re.compile(r"^(\\*<!-- (?:user|assistant|system) -->)$", re.M)
_ESCAPED = re.compile(r"^\\(\\*<!-- (?:user|assistant|system) -->)$", re.M)
_MOST_BYTES = 64 * 2**20


def save(messages: Sequence[BaseMessage], path: Path) -> None:
    """Write a conversation as JSON or Markdown, whichever the file's name says.

    Raises:
        InputError: The name says neither, or the file can't be written.
    """
    text = to_json(messages) if _kind(path) == "json" else to_markdown(messages)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Can't write {path}: {error.strerror}.", "Take another path.") from None


def load(path: Path) -> list[BaseMessage]:
    """Read a conversation that `save` wrote, or any JSON list of messages with role and content.

    Raises:
        InputError: The file can't be read, or holds no conversation.
    """
    kind = _kind(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path} is larger than 64 MiB.", "That is no conversation.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"Can't read {path}: {error.strerror}.", "Check the path.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text.", "Load what /save wrote.") from None
    messages = _of_json(text, path) if kind == "json" else _of_markdown(text)
    if not messages:
        raise InputError(f"{path} holds no conversation.", "Load what /save wrote.")
    return messages


def to_json(messages: Sequence[BaseMessage]) -> str:
    """Return the messages with role and content, attachments included."""
    rows = [{"role": _ROLES.get(m.type, m.type), "content": m.content} for m in messages]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def to_markdown(messages: Sequence[BaseMessage]) -> str:
    """Return the texts, each under a mark that says whose it is; of attachments only how many there were."""
    return "".join(f"<!-- {_ROLES.get(m.type, m.type)} -->\n{_written(m)}\n\n" for m in messages)


def _written(message: BaseMessage) -> str:
    attached = sum(len(blocks_of(message, kind)) for kind in ("image", "audio"))
    note = f"\n\n*({attached} attached)*" if attached else ""
    return _LIKE_A_MARK.sub(r"\\\1", text_of(message)) + note


def _kind(path: Path) -> str:
    kinds = {".json": "json", ".md": "markdown", ".markdown": "markdown"}
    if (kind := kinds.get(path.suffix.lower())) is None:
        raise InputError(f"{path} says no format.", "Give it a name that ends in .json or .md.")
    return kind


def _of_json(text: str, path: Path) -> list[BaseMessage]:
    try:
        rows: Any = json.loads(text)
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("role") in _MADE for row in rows):
            raise ValueError("it is no list of messages with the roles user, assistant and system")
        return list(convert_to_messages(rows))
    except (ValueError, NotImplementedError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} holds no conversation: {reason}.", "Load what /save wrote.") from None


def _of_markdown(text: str) -> list[BaseMessage]:
    _, *parts = _MARK.split(text)
    return [
        _MADE[role](_ESCAPED.sub(r"\1", said[:-2] if said.endswith("\n\n") else said.removesuffix("\n")))
        for role, said in zip(parts[::2], parts[1::2], strict=True)
    ]
