"""Gathers what a model streams: thought and answer apart, counted, and passed on as they are understood."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from langchain_core.messages import AIMessageChunk, ToolCall

from qwen_router.parsing import ThinkingSplitter
from qwen_router.request import Chunk
from qwen_router.types import Usage

Write = Callable[[Chunk], None]

_LONGEST_TOKEN, _BYTES_PER_TOKEN = 16, 4.5
"""Hardly any token has more bytes, so a longer chunk holds several, of the usual length."""


class Collector:
    """Gathers the stream of one call.

    Attributes:
        thought_tokens: Tokens of the thought so far: one a chunk, or by length where a server sends several at once.
        usage: What the backend counted; zeros until its last chunk.
        finish_reason: The backend's, once it has said it.
        first: When the first piece came, `last` when the latest did; `time.perf_counter` seconds, `None` before.

    Args:
        opened: The prompt is believed to have opened a thought.
        closed: The prompt holds a whole thought: what follows is the answer.
        budget: Most tokens of a thought; `None` where none is asked for.
        most: Most tokens of the answer after a thought; `None` leaves them to the backend.
    """

    def __init__(
        self,
        write: Write,
        step: str,
        attempt: int,
        *,
        opened: bool = False,
        closed: bool = False,
        budget: int | None = None,
        most: int | None = None,
    ) -> None:
        self._write, self._step, self._attempt = write, step, attempt
        self._splitter = ThinkingSplitter(opened=opened)
        self._closed, self._budget, self._most = closed, budget, most
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._told = False
        self._inside = opened
        self.thought_tokens = self.answer_tokens = 0
        self.usage = Usage()
        self.first: float | None = None
        self.last: float | None = None
        self.finish_reason: str | None = None
        self._cut = False
        self._calls = AIMessageChunk(content="")

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """What the model calls; a call whose arguments are no JSON isn't one."""
        return tuple(self._calls.tool_calls)

    @property
    def spent(self) -> bool:
        """Whether to hear no more: the thought has used its budget up, or the answer has all its tokens."""
        return self._cut or (self._inside and self._budget is not None and self.thought_tokens >= self._budget)

    @property
    def stuck(self) -> bool:
        """Whether the thought has ended without an answer: at its budget, or because the model said no more."""
        if self._budget is None or not self._inside or self._cut:
            return False
        # A thought that nobody marked as one may be the answer of a server that keeps thoughts to itself.
        return self.spent or (self.finish_reason == "stop" and (self._told or self._splitter.tagged))

    @property
    def thought(self) -> str:
        """The thought so far."""
        return "".join(self._thinking).strip()

    @property
    def text(self) -> str:
        """What was said outside it."""
        return "".join(self._text)

    @property
    def cut(self) -> bool:
        """Whether the answer was cut at its own limit."""
        return self._cut

    def add(self, chunk: AIMessageChunk | Any) -> None:
        """Take one chunk of the model's stream."""
        thought, text = str(chunk.additional_kwargs.get("reasoning_content") or ""), chunk.text
        if thought:
            if not self._told:
                # The backend tells thoughts apart: its text is none.
                self._told, self._splitter = True, ThinkingSplitter()
            self._pass_on("thinking", thought)
        if text:
            if self._most is not None and not self._inside and self.answer_tokens >= self._most:
                self._cut = True
                return
            for kind, piece in self._splitter.feed(text):
                self._pass_on(kind, piece)
        if thought or text:
            self._count(thought or text, inside=self._splitter.thinking or (bool(thought) and not text))
        if chunk.tool_call_chunks:
            self._calls += AIMessageChunk(content="", tool_call_chunks=chunk.tool_call_chunks)
        if usage := chunk.usage_metadata:
            self.usage += Usage(
                input_tokens=usage["input_tokens"],
                output_tokens=usage["output_tokens"],
                thinking_tokens=(usage.get("output_token_details") or {}).get("reasoning", 0),
            )
        self.finish_reason = chunk.response_metadata.get("finish_reason") or self.finish_reason

    def end(self, finish_reason: str) -> tuple[str, str]:
        """Return the text and the thought, white space around them kept."""
        for kind, piece in self._splitter.close():
            self._pass_on(kind, piece)
        text, thinking = "".join(self._text), "".join(self._thinking)
        if (at := self._splitter.reopened) is not None:
            text, thinking = text[at:], text[:at] + thinking
        mistaken = self._told if self._closed else self._splitter.thinking and not self._told
        if mistaken and finish_reason == "stop" and not self._splitter.tagged and not text.strip():
            # A server took the answer for a thought, or kept the thought to itself where we expected it.
            self._show("text", thinking)
            return thinking, ""
        return text, thinking

    def counted(self, prompt: int) -> Usage:
        """Return the backend's count, or ours where it gave none: a call that is broken off has none.

        Args:
            prompt: Tokens of the prompt, for ours.
        """
        usage = self.usage
        if not usage.output_tokens:
            usage = Usage(
                input_tokens=usage.input_tokens or prompt, output_tokens=self.thought_tokens + self.answer_tokens
            )
        if usage.thinking_tokens:
            return usage
        thinking = min(self.thought_tokens, usage.output_tokens)
        if at := self._splitter.reopened:
            thinking = round(usage.output_tokens * at / max(1, sum(map(len, self._text))))
        return usage.model_copy(update={"thinking_tokens": thinking})

    def _count(self, said: str, *, inside: bool) -> None:
        self._inside = inside
        if not self._text and not self._thinking:
            # The opening tag alone, which a backend may say for the prompt.
            return
        if not inside:
            self.answer_tokens += 1
            return
        size = len(said.strip().encode())
        self.thought_tokens += 1 if size <= _LONGEST_TOKEN else round(size / _BYTES_PER_TOKEN)

    def _pass_on(self, kind: Literal["text", "thinking"], piece: str) -> None:
        self.last = time.perf_counter()
        if self.first is None:
            self.first = self.last
        parts = self._text if kind == "text" else self._thinking
        shown = piece if parts else piece.lstrip()
        if self._splitter.reopened is not None or shown == piece:
            parts.append(piece)
        elif shown:
            parts.append(shown)
        self._show(kind, shown)

    def _show(self, kind: Literal["text", "thinking"], shown: str) -> None:
        if shown:
            self._write(Chunk(kind=kind, text=shown, step=self._step, attempt=self._attempt))
