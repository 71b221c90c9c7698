"""Puts back what guards replaced by placeholders, in a text and in a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from qwen_router.request import Chunk, Request
from qwen_router.types import Answer


def restore_answer(answer: Answer, request: Request) -> Answer:
    """Return the answer as its caller should read it: text and thinking, but not the decision, which is a record."""
    if not request.placeholders:
        return answer
    values = _values(request)
    calls = tuple({**c, "args": _restore_within(c["args"], request.placeholders)} for c in answer.tool_calls)
    texts = {"text": _restore(answer.text, values), "thinking": _restore(answer.thinking, values)}
    return answer.model_copy(update={**texts, "tool_calls": calls})


class Restoration:
    """Puts values back into chunks, and holds back what may be the beginning of a placeholder.

    Args:
        write: Takes each chunk.
    """

    def __init__(self, write: Callable[[Chunk], None]) -> None:
        self._write = write
        self._values: dict[str, str] = {}
        self._longest = 0
        self._held: Chunk | None = None

    def learn(self, request: Request) -> None:
        """Take the placeholders of the request."""
        self._values = _values(request)
        self._longest = max(map(len, self._values), default=0)

    def add(self, chunk: Chunk) -> None:
        """Pass a chunk on, all but a beginning that the next one may complete."""
        if not self._values:
            self._write(chunk)
            return
        held, self._held = self._held, None
        if held is not None:
            if _stream(held) == _stream(chunk):
                chunk = chunk.model_copy(update={"text": held.text + chunk.text})
            else:
                self._write(held)
        text = chunk.text
        # A whole placeholder is cut off first: its end may look like the beginning of another.
        done = max((text.rfind(p) + len(p) for p in self._values if p in text), default=0)
        at = self._beginning(text, done)
        if at < len(text):
            self._held = chunk.model_copy(update={"text": text[at:]})
        if at:
            self._write(chunk.model_copy(update={"text": _restore(text[:at], self._values)}))

    def close(self) -> None:
        """Pass on what is held: nothing comes that could complete it."""
        if self._held is not None:
            self._write(self._held)
            self._held = None

    def _beginning(self, text: str, start: int) -> int:
        """Return where the beginning of a placeholder starts that the text ends with; its length if there is none."""
        for at in range(max(start, len(text) - self._longest + 1), len(text)):
            if any(p.startswith(text[at:]) for p in self._values):
                return at
        return len(text)


def _stream(chunk: Chunk) -> tuple[str, int, str]:
    return chunk.step, chunk.attempt, chunk.kind


def _values(request: Request) -> dict[str, str]:
    """Return what to put back; in an answer that is JSON, as JSON writes it inside a string."""
    if request.json_schema is None:
        return request.placeholders
    return {p: json.dumps(value, ensure_ascii=False)[1:-1] for p, value in request.placeholders.items()}


def _restore_within(value: Any, values: Mapping[str, str]) -> Any:
    """Restore every string in the arguments of a call."""
    if isinstance(value, str):
        return _restore(value, values)
    if isinstance(value, dict):
        return {key: _restore_within(inner, values) for key, inner in value.items()}
    return [_restore_within(inner, values) for inner in value] if isinstance(value, list) else value


def _restore(text: str, values: Mapping[str, str]) -> str:
    # In one pass: a value may look like a placeholder.
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], text)
