"""Runs one model call: leases the model, streams, splits the thinking off, measures."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage

from qwen_router.backend import call_options
from qwen_router.cancellation import Cancellation, current_cancellation
from qwen_router.catalog import Model
from qwen_router.parsing import ThinkingSplitter
from qwen_router.request import Chunk, Sampling
from qwen_router.services import Services
from qwen_router.state import Work
from qwen_router.types import Generation, Timings, Usage

Write = Callable[[Chunk], None]


def generate(services: Services, work: Work, write: Write) -> Generation:
    """Return what the chosen model says, after streaming it to `write`.

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
    asked = time.perf_counter()
    ceiling = _ceiling(services, work, asked)
    with services.pool.lease(winner) as chat_model:
        leased = time.perf_counter()
        collected = _Collector(write, work, opened=winner.thinking and model.thinking == "only")
        stream = chat_model.stream(
            [*specialist.messages(work.request), *_correction(work)],
            **call_options(
                _sampling(services, work, model, thinking=winner.thinking),
                thinking=winner.thinking,
                json_schema=work.request.json_schema,
            ),
        )
        try:
            for chunk in stream:
                collected.add(chunk)
                if cancellation.stopped or (ceiling is not None and time.perf_counter() > ceiling):
                    break
        finally:
            # A generator that isn't closed keeps the model busy until it is collected.
            stream.close()  # type: ignore[attr-defined]  # typed as an Iterator, always a generator
        ended = time.perf_counter()
    _check_cancelled(cancellation)
    timings = Timings(
        wait=leased - asked,
        first_token=(collected.first or ended) - leased,
        generate=ended - leased,
        total=ended - asked,
    )
    if services.track_record is not None and collected.first is not None:
        services.track_record.answered(winner, collected.usage.output_tokens - 1, ended - collected.first)
    reason = collected.finish_reason
    if not collected.finished:
        reason = "deadline" if cancellation.late else "ceiling" if ceiling is not None and ended > ceiling else reason
    return specialist.parse(collected.result(timings, reason))


def _ceiling(services: Services, work: Work, now: float) -> float | None:
    """Return the time at which a further attempt ends; the first is bound by the caller's deadline alone."""
    if not work.attempts:
        return None
    return now + services.settings.escalation.max_seconds - sum(a.timings.total for a in work.attempts)


def _correction(work: Work) -> list[BaseMessage]:
    """Return the rejected answer and what is wrong with it, when it is to be mended."""
    if not work.escalations or work.escalations[-1].action != "fix" or work.generation is None:
        return []
    return [AIMessage(work.generation.text), HumanMessage(work.attempts[-1].check.feedback)]


def _check_cancelled(cancellation: Cancellation) -> None:
    if cancellation.cancelled:
        cancellation.check()


def _sampling(services: Services, work: Work, model: Model, *, thinking: bool) -> Sampling:
    """Return the caller's settings over the specialist's over the model's documented ones over the operator's."""
    sampling = Sampling(max_new_tokens=services.settings.generation.max_new_tokens)
    again = bool(work.escalations) and work.escalations[-1].action == "sample"
    if thinking:
        sampling = (model.thinking_sampling or model.sampling).over(sampling)
    else:
        sampling = model.sampling.over(sampling)
        # Asked again, a greedy model would only repeat itself.
        if not again:
            sampling = services.registry.specialist(work.step.task).sampling.over(sampling)
    sampling = work.request.sampling.over(sampling)
    if again and sampling.seed is not None:
        return sampling.model_copy(update={"seed": sampling.seed + len(work.attempts)})
    return sampling


class _Collector:
    """Gathers a stream's chunks and passes them on as they are understood."""

    def __init__(self, write: Write, work: Work, *, opened: bool) -> None:
        self._write, self._step, self._attempt = write, work.step.id, len(work.attempts) + 1
        self._splitter = ThinkingSplitter(opened=opened)
        self._text: list[str] = []
        self._thinking: list[str] = []
        self.usage = Usage()
        self.first: float | None = None
        self.finish_reason = "stop"
        self.finished = False

    def add(self, chunk: AIMessageChunk | Any) -> None:
        """Take one chunk of the model's stream."""
        if thought := chunk.additional_kwargs.get("reasoning_content"):
            self._pass_on("thinking", thought)
        if text := chunk.text:
            for kind, piece in self._splitter.feed(text):
                self._pass_on(kind, piece)
        if usage := chunk.usage_metadata:
            self.usage += Usage(
                input_tokens=usage["input_tokens"],
                output_tokens=usage["output_tokens"],
                thinking_tokens=(usage.get("output_token_details") or {}).get("reasoning", 0),
            )
        if reason := chunk.response_metadata.get("finish_reason"):
            self.finish_reason, self.finished = reason, True

    def result(self, timings: Timings, finish_reason: str) -> Generation:
        """Return all of it, the thinking tokens estimated by length where the backend didn't count them."""
        for kind, piece in self._splitter.close():
            self._pass_on(kind, piece)
        text, thinking = "".join(self._text), "".join(self._thinking)
        if (end := self._splitter.reopened) is not None:
            text, thinking = text[end:], text[:end] + thinking
        usage = self.usage
        if thinking and not usage.thinking_tokens:
            share = len(thinking) / (len(thinking) + len(text))
            usage = usage.model_copy(update={"thinking_tokens": round(usage.output_tokens * share)})
        return Generation(
            text=text.strip(), thinking=thinking.strip(), usage=usage, timings=timings, finish_reason=finish_reason
        )

    def _pass_on(self, kind: Any, piece: str) -> None:
        if self.first is None:
            self.first = time.perf_counter()
        parts = self._text if kind == "text" else self._thinking
        shown = piece if parts else piece.lstrip()
        if self._splitter.reopened is not None or shown == piece:
            parts.append(piece)
        elif shown:
            parts.append(shown)
        if shown:
            self._write(Chunk(kind=kind, text=shown, step=self._step, attempt=self._attempt))
