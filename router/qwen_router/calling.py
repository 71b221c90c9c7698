"""Calls a model once, or twice where its thought has to be closed, and counts what it says."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, ToolCall

from qwen_router.cancellation import Cancellation
from qwen_router.catalog import Model
from qwen_router.collecting import Collector, Write
from qwen_router.request import Chunk
from qwen_router.soft_switch import without_switches
from qwen_router.state import Work
from qwen_router.types import Usage

CLOSING = "Considering the limited time by the user, I have to give the solution based on the thinking directly now."
"""Ends a thought whose budget is used up: Qwen3 technical report, section 4.3, and the documentation's page on
thinking budgets."""
_CLOSING_TOKENS = 26
"""What it and the tags around a thought take, see Qwen's tokenizer."""


class Calls:
    """The one or two calls of a model that make an answer.

    Attributes:
        heard: What each call said.

    Args:
        ceiling: When to break off, in seconds of `time.perf_counter`; `None` leaves that to the caller's deadline.
    """

    def __init__(
        self,
        work: Work,
        model: Model,
        chat_model: BaseChatModel,
        messages: Sequence[BaseMessage],
        cancellation: Cancellation,
        write: Write,
        *,
        ceiling: float | None = None,
    ) -> None:
        assert work.choice is not None
        self._work, self._chat_model, self._cancellation, self._write = work, chat_model, cancellation, write
        self._winner, self._ceiling = work.choice.winner, ceiling
        self._opened = self._winner.thinking and model.opens_thought
        # The decision is carried by the template; a switch that says otherwise, or that is only text to the model,
        # would mislead it.
        agreed = model.knows_soft_switch and work.request.thinking_switch == self._winner.thinking
        self._messages = list(messages) if agreed else without_switches(messages)
        self._closing = ""
        self.heard: list[Collector] = []

    def run(self, options: dict[str, Any]) -> None:
        """Call the model, and again for the answer when its thought had to be closed."""
        if not self._winner.thinking:
            self._hear(options, self._collector())
            return
        most, budget = options["max_tokens"], self._winner.thinking_budget
        first = self._collector(opened=self._opened, budget=budget, most=most)
        self._hear({**options, "max_tokens": most + budget}, first)
        if first.stuck and not self._stopped:
            self._closing = f"\n\n{CLOSING}" if first.thought else CLOSING
            self._write(self._chunk(self._closing))
            self._hear({**options, "thought": first.thought + self._closing}, self._collector(closed=True))

    def _hear(self, options: dict[str, Any], collector: Collector) -> None:
        self.heard.append(collector)
        stream = self._chat_model.stream(self._messages, **options)
        try:
            for chunk in stream:
                collector.add(chunk)
                if self._stopped or collector.spent:
                    break
        finally:
            # A generator that isn't closed keeps the model busy until it is collected.
            stream.close()  # type: ignore[attr-defined]  # typed as an Iterator, always a generator

    @property
    def _stopped(self) -> bool:
        return self._cancellation.stopped or self._out_of_time

    @property
    def _out_of_time(self) -> bool:
        return self._ceiling is not None and time.perf_counter() > self._ceiling

    @property
    def answered(self) -> bool:
        """Whether the model said anything, were it only that it is done."""
        return any(h.first is not None or h.finish_reason is not None for h in self.heard)

    @property
    def first(self) -> float | None:
        """When the first piece came."""
        return self.heard[0].first

    @property
    def seconds(self) -> float:
        """How long the model decoded, the reading of prompts left out."""
        return sum(h.last - h.first for h in self.heard if h.first is not None and h.last is not None)

    @property
    def finish_reason(self) -> str:
        """Why the last call ended."""
        last = self.heard[-1]
        if last.cut:
            return "length"
        if last.finish_reason is None:
            if self._cancellation.late:
                return "deadline"
            if self._out_of_time:
                return "ceiling"
        return last.finish_reason or "stop"

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """What the model calls."""
        return self.heard[-1].tool_calls

    def said(self) -> tuple[str, str]:
        """Return the answer and the thought, the closing sentence and a second thought included."""
        *closed, last = self.heard
        text, thought = last.end(self.finish_reason)
        thoughts = [*(f"{h.thought}{self._closing}" for h in closed), thought.strip()]
        return "".join([*(h.text for h in closed), text]).strip(), "\n\n".join(filter(None, thoughts))

    def usage(self, prompt: int) -> Usage:
        """Return the tokens of the answer: the prompt's once, and not those of the closing sentence.

        Args:
            prompt: About how many tokens the prompt has, for a call that was broken off before the backend told.
        """
        *closed, last = self.heard
        usage = last.counted(prompt)
        for first in closed:
            thought = first.counted(max(0, usage.input_tokens - first.thought_tokens - _CLOSING_TOKENS))
            usage = Usage(
                input_tokens=thought.input_tokens,
                output_tokens=thought.output_tokens + usage.output_tokens,
                thinking_tokens=thought.output_tokens + usage.thinking_tokens,
            )
        return usage

    def _collector(self, **options: Any) -> Collector:
        return Collector(self._write, self._work.step.id, len(self._work.attempts) + 1, **options)

    def _chunk(self, thought: str) -> Chunk:
        return Chunk(kind="thinking", text=thought, step=self._work.step.id, attempt=len(self._work.attempts) + 1)
