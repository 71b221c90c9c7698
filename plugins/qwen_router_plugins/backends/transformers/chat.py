"""A loaded model as a LangChain chat model."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from qwen_router.cancellation import Cancellation, current_cancellation
from qwen_router.errors import RouterError
from qwen_router.parsing import OPEN
from qwen_router_plugins.backends.transformers.engine import Engine, Options
from qwen_router_plugins.backends.transformers.row import Event, Row

# Timers may fire a little early; the deadline must have passed when the row looks.
_TIMER_SLACK = 0.005


class ChatTransformers(BaseChatModel):
    """Streams a local model's answers. Calls take the keywords of `qwen_router.backend.call_options`.

    Concurrent calls are decoded together. Closing a stream, cancelling its task or the current `Cancellation` ends the
    call at the next token.

    Attributes:
        engine: The loaded model; several chat models may share it.
        temperature: Used where a call gives none; `None` and 0 are greedy. So for the other options.
    """

    engine: Engine = Field(exclude=True, repr=False)
    model_name: str
    temperature: float | None = None
    max_tokens: int | None = None
    stop: list[str] | None = None

    @property
    def _llm_type(self) -> str:
        return "qwen-router-transformers"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name}

    def close(self) -> None:
        """Give the model's memory back; running and later calls raise `BackendError`."""
        self.engine.close()

    def _options(self, stop: list[str] | None, keywords: dict[str, Any]) -> Options:
        own = {"temperature": self.temperature, "max_tokens": self.max_tokens, "stop": stop or self.stop}
        return Options.of({**own, **keywords})

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        cancellation = current_cancellation()
        row = self.engine.prepare(messages, self._options(stop, kwargs), events.put)
        self.engine.submit(row)
        try:
            with cancellation.on_cancel(row.cancel):
                for text in _texts(row, events, cancellation):
                    chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                    if run_manager:
                        run_manager.on_llm_new_token(text, chunk=chunk)
                    yield chunk
                yield self._last(row)
        finally:
            row.cancel()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Event] = asyncio.Queue()

        def tell(event: Event) -> None:
            # A loop that has been closed has nobody left to tell.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(events.put_nowait, event)

        cancellation = current_cancellation()
        row = await asyncio.to_thread(self.engine.prepare, messages, self._options(stop, kwargs), tell)
        self.engine.submit(row)
        left = cancellation.remaining
        timer = None if left is None else loop.call_later(left + _TIMER_SLACK, row.cancel)
        try:
            with cancellation.on_cancel(row.cancel):
                async for text in _atexts(row, events):
                    chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                    if run_manager:
                        await run_manager.on_llm_new_token(text, chunk=chunk)
                    yield chunk
                yield self._last(row)
        finally:
            row.cancel()
            if timer is not None:
                timer.cancel()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _last(self, row: Row) -> ChatGenerationChunk:
        asked, said = len(row.prompt.ids), row.produced
        message = AIMessageChunk(
            content="",
            usage_metadata=UsageMetadata(input_tokens=asked, output_tokens=said, total_tokens=asked + said),
            response_metadata={"finish_reason": row.finish_reason, "model_name": self.model_name},
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)


def _opening(row: Row) -> str:
    """Return what the prompt has said for the model: the opening of its thought."""
    return f"{OPEN}\n" if row.prompt.opened else ""


def _texts(row: Row, events: queue.SimpleQueue[Event], cancellation: Cancellation) -> Iterator[str]:
    if opening := _opening(row):
        yield opening
    while True:
        try:
            event = events.get(timeout=None if row.finish_reason else cancellation.remaining)
        except queue.Empty:
            row.cancel()
            continue
        if event is None:
            return
        yield _text(event)


async def _atexts(row: Row, events: asyncio.Queue[Event]) -> AsyncIterator[str]:
    if opening := _opening(row):
        yield opening
    while (event := await events.get()) is not None:
        yield _text(event)


def _text(event: str | RouterError) -> str:
    if isinstance(event, RouterError):
        raise event
    return event
