"""Tool calls in the Hermes form: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, as Qwen writes them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from langchain_core.messages import ToolCallChunk

OPEN, CLOSE = "<tool_call>", "</tool_call>"


class ToolCallSplitter:
    """Splits a stream into text and tool calls, holding back only what may be half a tag, and calls until they close.

    Attributes:
        calls: How many calls were found.
    """

    def __init__(self) -> None:
        self._held = ""
        self.calls = 0

    def feed(self, text: str) -> Iterator[str | ToolCallChunk]:
        """Yield what is certain after `text`: pieces of text, and whole calls."""
        self._held += text
        while (start := self._held.find(OPEN)) >= 0:
            if start:
                yield self._held[:start]
                self._held = self._held[start:]
            end = self._held.find(CLOSE)
            if end < 0:
                return
            body, self._held = self._held[len(OPEN) : end], self._held[end + len(CLOSE) :].lstrip("\n")
            yield self._call(body)
        half = max((n for n in range(1, len(OPEN)) if self._held.endswith(OPEN[:n])), default=0)
        sure = len(self._held) - half
        if sure:
            yield self._held[:sure]
            self._held = self._held[sure:]

    def close(self) -> Iterator[str | ToolCallChunk]:
        """Yield what was held back; a call whose closing tag never came counts when its JSON is whole."""
        held, self._held = self._held, ""
        if held.startswith(OPEN):
            yield self._call(held[len(OPEN) :])
        elif held:
            yield held

    def _call(self, body: str) -> str | ToolCallChunk:
        try:
            call: Any = json.loads(body)
            name, arguments = call["name"], call.get("arguments", {})
        except (ValueError, TypeError, KeyError, AttributeError):
            # Not a call: the reader gets what the model wrote.
            return OPEN + body + CLOSE
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        self.calls += 1
        return ToolCallChunk(
            name=str(name), args=text, id=f"call_{uuid.uuid4().hex}", index=self.calls - 1, type="tool_call_chunk"
        )
