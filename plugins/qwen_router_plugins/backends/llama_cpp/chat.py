"""A loaded GGUF file as a LangChain chat model."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from qwen_router.cancellation import Cancellation, current_cancellation
from qwen_router.errors import BackendError
from qwen_router.structured import structured_output
from qwen_router_plugins.backends.llama_cpp.answer import Answer, result_of
from qwen_router_plugins.backends.llama_cpp.engine import Event
from qwen_router_plugins.backends.llama_cpp.loaded import LoadedGguf
from qwen_router_plugins.backends.llama_cpp.payload import completion_options

_DEFAULTS = ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "repetition_penalty", "max_tokens", "seed")
_PER_CALL = ("thinking", "thought", "json_schema", "tools", "tool_choice", "model", "ls_structured_output_format")


class ChatLlamaCpp(BaseChatModel):
    """Chats with a GGUF file in this process. Safe to share between threads and tasks.

    Attributes:
        model: The name that answers and traces carry.
        timeout: Seconds after which an answer is given up; `None` waits for ever.
        max_retries: A standard parameter of LangChain; in a process there is nothing to try again.
    """

    model_config = ConfigDict(extra="forbid")

    loaded: SkipValidation[LoadedGguf] = Field(exclude=True, repr=False)
    model: str
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: list[str] | None = None
    timeout: float | None = None
    max_retries: int = 0
    streaming: bool = False

    @property
    def _llm_type(self) -> str:
        return "llama_cpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, **{name: getattr(self, name) for name in _DEFAULTS}}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return LangSmithParams(**{**super()._get_ls_params(stop, **kwargs), "ls_provider": "llama_cpp"})

    def get_token_ids(self, text: str) -> list[int]:
        """Return the ids of plain text."""
        return self.loaded.tokenizer.encode(text)

    def close(self) -> None:
        """Stop what runs and give the memory back. Calls after that raise `BackendError`."""
        self.loaded.close()

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Let the model call tools. A `tool_choice` other than `auto` makes the answer one valid call."""
        described = [convert_to_openai_tool(tool, strict=strict) for tool in tools]
        return self.bind(tools=described, tool_choice=tool_choice, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        method: str = "json_schema",
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """Return a runnable whose answers fit `schema`. Every method constrains the tokens: always strict."""
        if kwargs:
            raise ValueError(f"Unknown arguments: {', '.join(sorted(kwargs))}.")
        return structured_output(self, schema, include_raw=include_raw, method=method)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return result_of(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return result_of([chunk async for chunk in self._astream(messages, stop, run_manager, **kwargs)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = self._call(messages, stop, kwargs)
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        run = self.loaded.engine.start(call.prompt, call.options, events.put)
        try:
            with call.cancellation.on_cancel(run.stop):
                yield from call.answer.begin()
                while not call.cancellation.stopped:
                    try:
                        event = events.get(timeout=call.patience)
                    except queue.Empty:
                        call.late()
                        continue
                    if event is None:
                        break
                    for chunk in call.read(event):
                        if run_manager:
                            run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                        yield chunk
                yield from call.answer.end()
        finally:
            run.stop()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = self._call(messages, stop, kwargs)
        events: asyncio.Queue[Event] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def deliver(event: Event) -> None:
            # A loop that was closed has nobody left who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(events.put_nowait, event)

        run = self.loaded.engine.start(call.prompt, call.options, deliver)
        try:
            with call.cancellation.on_cancel(run.stop):
                for chunk in call.answer.begin():
                    yield chunk
                while not call.cancellation.stopped:
                    try:
                        event = await asyncio.wait_for(events.get(), call.patience)
                    except TimeoutError:
                        call.late()
                        continue
                    if event is None:
                        break
                    for chunk in call.read(event):
                        if run_manager:
                            await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                        yield chunk
                for chunk in call.answer.end():
                    yield chunk
        finally:
            run.stop()

    def _call(self, messages: Sequence[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]) -> _Call:
        if unknown := sorted(set(kwargs) - {*_DEFAULTS, *_PER_CALL}):
            raise TypeError(f"ChatLlamaCpp takes no argument {unknown[0]!r}.")
        options = {name: getattr(self, name) for name in _DEFAULTS} | kwargs | {"stop": stop or self.stop}
        tools = options.get("tools") if options.get("tool_choice") != "none" else None
        thinking, thought = bool(options.get("thinking")), options.get("thought")
        prompt = self.loaded.prompt(messages, thinking=thinking, thought=thought, tools=tools)
        before = thinking and thought is None and self.loaded.can_think
        fields = completion_options(options, "inside" if prompt.opened else "before" if before else "none")
        answer = Answer(
            options.get("model") or self.model,
            prompt_tokens=len(prompt.ids),
            opened=prompt.opened,
            tools=bool(tools),
            constrained=options.get("json_schema") is not None and not fields.get("stop"),
        )
        return _Call(prompt.ids, fields, answer, current_cancellation(), Cancellation(self.timeout), self.timeout)


class _Call(NamedTuple):
    """One call: what is sent, what reads the answer, and how long it may take."""

    prompt: list[int]
    options: dict[str, Any]
    answer: Answer
    cancellation: Cancellation
    clock: Cancellation
    timeout: float | None

    @property
    def patience(self) -> float | None:
        """Seconds to wait for the next chunk."""
        return min((s for s in (self.cancellation.remaining, self.clock.remaining) if s is not None), default=None)

    def late(self) -> None:
        """Raise when it is the model's own timeout that has passed, not the caller's deadline."""
        if self.clock.late and not self.cancellation.stopped:
            raise BackendError(f"There was no whole answer within {self.timeout} s.", "Raise the timeout.")

    def read(self, event: dict[str, Any] | Exception) -> Iterator[ChatGenerationChunk]:
        """Yield what a chunk says, or raise what went wrong."""
        self.late()
        if isinstance(event, Exception):
            raise event
        yield from self.answer.feed(event)
