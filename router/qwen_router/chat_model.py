"""The router as a LangChain chat model."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import BaseTool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SkipValidation

from qwen_router import tool_calling
from qwen_router.app import Router
from qwen_router.errors import InputError
from qwen_router.replying import Reply, message_of
from qwen_router.request import Hints, Request, Sampling
from qwen_router.run_context import afirst, first, traced_by
from qwen_router.structured import structured_output
from qwen_router.types import Answer

_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "repetition_penalty", "seed")
_HINTS = ("task", "thinking", "thinking_budget")
_PER_CALL = ("json_schema", "tools", "tool_choice")


class ChatQwenRouter(BaseChatModel):
    """Answers each conversation with the Qwen model that the router chooses.

    A refusal raises `Refused`: so `with_fallbacks` and `with_retry` can act on it, and no refusal passes for an answer.
    Every other error is a `RouterError`, too.

    A stream is the answer as it comes. Where a check rejects what was streamed, the better answer follows it under a
    line, and the last chunk's `response_metadata["superseded"]` is true; with a JSON schema nothing is streamed before
    it is final. `response_metadata` names the model, the task and the decision; thoughts are reasoning blocks.

    Attributes:
        router: What answers; without one, a router is made of `config` at the first call and closed with `close`.
        config: A TOML file as `Router.from_config` takes it.
        model: The model to take instead of the router's choice.
        task: The specialist to take instead of the router's choice.
        thinking: Whether to think, and `thinking_budget` the most tokens of a thought; `None` leaves it to the router.
        max_tokens: Most tokens of the answer, thoughts aside.
        timeout: Seconds within which an answer must be complete.
        user: Whose limits apply.
        streaming: Whether `invoke` streams, too: for callbacks that take tokens.
    """

    model_config = ConfigDict(extra="forbid")

    router: SkipValidation[Router] | None = Field(None, exclude=True, repr=False)
    config: Path | None = None
    model: str | None = None
    task: str | None = None
    thinking: bool | None = None
    thinking_budget: int | None = None
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
    user: str = "local"
    streaming: bool = False
    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    _own: Router | None = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "qwen-router"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        named = ("model", "max_tokens", *_HINTS, *_SAMPLING)
        return {name: value for name in named if (value := getattr(self, name)) is not None}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = {**super()._get_ls_params(stop, **kwargs), "ls_provider": "qwen-router"}
        name = kwargs.get("model") or self.model or "qwen-router"
        return LangSmithParams(**{**params, "ls_model_name": name})  # type: ignore[typeddict-item]

    def close(self) -> None:
        """Close the router that was made here; one that was given is its owner's."""
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.close()

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Let the model call tools; only models that can are then chosen.

        Args:
            tool_choice: `auto`, `none`, `any` or `required`, or a tool's name. A model that has to call one and doesn't
                is passed over for another, where the backend can't make it.
        """
        return self.bind(tools=list(tool_calling.describe(tools)), tool_choice=_choice(tool_choice), **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        method: Literal["json_schema", "function_calling", "json_mode"] = "json_schema",
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """Return a runnable whose answers fit `schema`. Every method constrains the tokens where the backend can."""
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
        with traced_by(run_manager):
            return _result(self._router().invoke(self._request(messages, stop, kwargs)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with traced_by(run_manager):
            return _result(await self._router().ainvoke(self._request(messages, stop, kwargs)))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs)
        reply = Reply(held=request.json_schema is not None)
        # Typed as an Iterator, always a generator: closing it stops the model.
        with closing(self._router().stream(request)) as items:
            for item in first(items, run_manager):
                for chunk in reply.take(item):
                    if run_manager:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs)
        reply = Reply(held=request.json_schema is not None)
        async with aclosing(self._router().astream(request)) as items:  # type: ignore[type-var]  # as above
            async for item in afirst(items, run_manager):
                for chunk in reply.take(item):
                    if run_manager:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

    def _router(self) -> Router:
        if self.router is not None:
            return self.router
        with self._lock:
            if self._own is None:
                self._own = Router.from_config(self.config)
            return self._own

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, given: dict[str, Any]) -> Request:
        """Return the request of a call; keywords of the call win over the model's own attributes.

        Raises:
            InputError: A keyword is unknown or of the wrong type.
        """
        named = {*_SAMPLING, *_HINTS, *_PER_CALL, "model", "max_tokens", "timeout", "user"}
        if unknown := sorted(given.keys() - named):
            known = ", ".join(sorted(named))
            raise InputError(f"ChatQwenRouter takes no argument {unknown[0]!r}.", f"It takes {known}.")
        values = {name: getattr(self, name, None) for name in named} | given
        try:
            return Request.of(
                messages,
                user=values["user"],
                deadline=values["timeout"],
                hints=Hints(model=values["model"], **{name: values[name] for name in _HINTS}),
                sampling=Sampling(
                    max_new_tokens=values["max_tokens"],
                    stop=tuple(stop or self.stop or ()),
                    **{name: values[name] for name in _SAMPLING},
                ),
                json_schema=values["json_schema"],
                tools=values["tools"] or (),
                tool_choice=_choice(values["tool_choice"]),
            )
        except (ValueError, TypeError) as error:
            reason = "; ".join(str(error).splitlines()[1:3]).strip() or str(error)
            raise InputError(f"That is no request: {reason}", "Mend the call's messages or options.") from error


def graph_of(chat: ChatQwenRouter) -> CompiledStateGraph[MessagesState, None, MessagesState, MessagesState]:
    """Return a graph of one node that answers `messages`: a node or a subgraph of other graphs."""

    def route(state: MessagesState) -> dict[str, Any]:
        return {"messages": [chat.invoke(state["messages"])]}

    async def aroute(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await chat.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("qwen-router", RunnableLambda(route, afunc=aroute))
    graph.add_edge(START, "qwen-router")
    return graph.compile(name="qwen-router")


def _result(answer: Answer) -> ChatResult:
    message = message_of(answer)
    info = {"finish_reason": message.response_metadata["finish_reason"]}
    return ChatResult(generations=[ChatGeneration(message=message, generation_info=info)])


def _choice(choice: str | bool | dict[str, Any] | None) -> str:
    """Return one of LangChain's ways to say a tool choice in ours."""
    if isinstance(choice, dict):
        return str((choice.get("function") or choice).get("name"))
    if isinstance(choice, bool):
        return "required" if choice else "none"
    return choice or "auto"
