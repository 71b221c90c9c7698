"""Runs a model: leases it, streams, keeps its thought to the budget, measures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from qwen_router.backend import call_options
from qwen_router.cancellation import Cancellation, current_cancellation
from qwen_router.catalog import Model
from qwen_router.collecting import Collector, Write
from qwen_router.request import Chunk, estimated_tokens
from qwen_router.sampling import sampling_of
from qwen_router.services import Services
from qwen_router.soft_switch import without_switches
from qwen_router.state import Work
from qwen_router.types import Generation, Timings, Usage

CLOSING = "Considering the limited time by the user, I have to give the solution based on the thinking directly now."
"""Ends a thought whose budget is used up: Qwen3 technical report, section 4.3, and the documentation's page on
thinking budgets."""
_CLOSING_TOKENS = 26
"""What it and the tags around a thought take, see Qwen's tokenizer."""


def generate(services: Services, work: Work, write: Write) -> Generation:
    """Return what the chosen model says, after streaming it to `write`.

    A thought that has used its budget up is closed, and the model is called again to go on with the answer; so is one
    that ends without an answer. A thought that the second call begins counts against the answer's tokens.

    Raises:
        Cancelled: The caller stopped the call; the model has stopped too.
        OutOfMemory: Loading or generating took more memory than there is.
        BackendError: The model failed.
    """
    assert work.choice is not None
    winner = work.choice.winner
    model = services.catalogue.find(winner.model)
    specialist = services.registry.specialist(work.step.task)
    cancellation = current_cancellation()
    cancellation.check()
    sampling, warnings = sampling_of(services, work, model, thinking=winner.thinking)
    asked = time.perf_counter()
    with services.pool.lease(winner) as chat_model:
        leased = time.perf_counter()
        calls = _Calls(work, model, chat_model, specialist.messages(work.request), cancellation, write)
        calls.run(call_options(sampling, thinking=winner.thinking, json_schema=work.request.json_schema))
        ended = time.perf_counter()
    if cancellation.cancelled:
        cancellation.check()
    text, thinking = calls.said()
    usage = calls.usage(estimated_tokens(work.request))
    timings = Timings(
        wait=leased - asked,
        first_token=(calls.first or ended) - leased,
        generate=ended - leased,
        total=ended - asked,
    )
    if services.track_record is not None and calls.first is not None:
        services.track_record.answered(winner, usage.output_tokens - len(calls.heard), calls.seconds)
    return specialist.parse(
        Generation(
            text=text,
            thinking=thinking,
            usage=usage,
            timings=timings,
            finish_reason=calls.finish_reason,
            warnings=warnings,
        )
    )


class _Calls:
    """The one or two calls of a model that make an answer.

    Attributes:
        heard: What each call said.
    """

    def __init__(
        self,
        work: Work,
        model: Model,
        chat_model: BaseChatModel,
        messages: Sequence[BaseMessage],
        cancellation: Cancellation,
        write: Write,
    ) -> None:
        assert work.choice is not None
        self._work, self._chat_model, self._cancellation, self._write = work, chat_model, cancellation, write
        self._winner = work.choice.winner
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
        if first.stuck and not self._cancellation.stopped:
            self._closing = f"\n\n{CLOSING}" if first.thought else CLOSING
            self._write(self._chunk(self._closing))
            self._hear({**options, "thought": first.thought + self._closing}, self._collector(closed=True))

    def _hear(self, options: dict[str, Any], collector: Collector) -> None:
        self.heard.append(collector)
        stream = self._chat_model.stream(self._messages, **options)
        try:
            for chunk in stream:
                collector.add(chunk)
                if self._cancellation.stopped or collector.spent:
                    break
        finally:
            # A generator that isn't closed keeps the model busy until it is collected.
            stream.close()  # type: ignore[attr-defined]  # typed as an Iterator, always a generator

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
        if self._cancellation.late and last.finish_reason is None:
            return "deadline"
        return last.finish_reason or "stop"

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
