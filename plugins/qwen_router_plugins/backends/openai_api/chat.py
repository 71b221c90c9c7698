"""A served model as a LangChain chat model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, closing
from typing import Any, NoReturn, Self

import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import Field, PrivateAttr, SecretStr, model_validator

from qwen_router.cancellation import current_cancellation
from qwen_router.config import LimitsSection
from qwen_router.errors import BackendError, InputError
from qwen_router_plugins.backends.openai_api.answer import Answer, mended
from qwen_router_plugins.backends.openai_api.attachments import with_attachments
from qwen_router_plugins.backends.openai_api.faults import (
    broken_off,
    delay_before_retry,
    explain,
    not_the_api,
    worth_another_try,
)
from qwen_router_plugins.backends.openai_api.history import without_thoughts
from qwen_router_plugins.backends.openai_api.http import clients
from qwen_router_plugins.backends.openai_api.payload import (
    OPTIONS,
    extra_body,
    going_on,
    plain,
    refused_fields,
    without,
)
from qwen_router_plugins.backends.openai_api.served import Kind
from qwen_router_plugins.backends.openai_api.server import NO_KEY, Server
from qwen_router_plugins.backends.openai_api.waits import Stopped, pause, unless_stopped

logger = logging.getLogger(__name__)


class ChatOpenAICompatible(ChatOpenAI):
    """A model of a server that speaks the OpenAI API, under the router's contract for chat models.

    Beyond `ChatOpenAI` it takes the keywords of `call_options`, keeps `reasoning_content`, ends when the current
    cancellation does, raises only `RouterError`, and sends nothing to any other address. Every call streams, also
    `invoke`: so the timeout counts seconds without a byte, not the length of an answer.

    The server renders the template itself, and its tokenizer finds special tokens in the text of messages as well. So
    an invisible separator goes into each, `<` WORD JOINER `|im_end|>`: the model reads the same words as plain text.
    What the model writes is mended. A gateway that removes invisible characters would undo this.

    Args:
        kind: Whose server it is; decides how thinking and penalties are written.
        hybrid: Whether the model has a switch for thinking.
        opens_thought: Whether its template opens the thought in the prompt.
        key_env: Name of the environment variable that holds the key, for messages.
        max_retries: Further tries after 429, 5xx and connection errors, as long as no token has arrived.
        retry_delay: Seconds before the second try; each further one waits twice as long.
    """

    kind: Kind = "other"
    hybrid: bool = False
    opens_thought: bool = False
    key_env: str = "QWEN_ROUTER_API_KEY"
    max_retries: int | None = 2
    retry_delay: float = Field(0.5, gt=0)
    limits: LimitsSection = LimitsSection()
    stream_usage: bool | None = True
    use_responses_api: bool | None = False
    # Ours is httpx's: a byte of any kind shows that the server lives.
    stream_chunk_timeout: float | None = Field(None, exclude=True)

    _server: Server = PrivateAttr()
    _refused: set[str] = PrivateAttr(default_factory=set)

    @model_validator(mode="after")
    def validate_environment(self) -> Self:
        """Build the clients; replaces ChatOpenAI's, which lets OpenAI's environment variables redirect requests."""
        key = self.openai_api_key if isinstance(self.openai_api_key, SecretStr) else SecretStr(NO_KEY)
        timeout = self.request_timeout if isinstance(self.request_timeout, int | float) else 120.0
        if not self.openai_api_base:
            raise ValueError("base_url is missing; it looks like http://localhost:11434/v1")
        self._server = Server(self.openai_api_base, key, self.key_env, float(timeout))
        self.root_client, self.root_async_client = clients(self._server)
        self.client = self.root_client.chat.completions
        self.async_client = self.root_async_client.chat.completions
        return self

    @property
    def _llm_type(self) -> str:
        return "openai-compatible"

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return false: the clients and the key can't travel."""
        return False

    def close(self) -> None:
        """Close the client; its calls hold no connection beyond their end."""
        self.root_client.close()

    def get_num_tokens(self, text: str) -> int:
        """Estimate a count; ChatOpenAI would download a tokenizer, and another family's."""
        return count_tokens_approximately([("human", text)])

    def get_num_tokens_from_messages(self, messages: Sequence[BaseMessage], *args: Any, **kwargs: Any) -> int:
        """Estimate a count, as `get_num_tokens`."""
        return count_tokens_approximately(messages)

    def get_token_ids(self, text: str) -> list[int]:
        """Raise, because only the server has the tokenizer."""
        raise BackendError(f"The server at {self._server.shown} doesn't tell token ids.")

    def _get_request_payload(
        self, input_: LanguageModelInput, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        options = {key: kwargs.pop(key) for key in OPTIONS if key in kwargs}
        given = without_thoughts(self._convert_input(input_).to_messages(), thinks=self.hybrid or self.opens_thought)
        messages = with_attachments(given, self.limits)
        try:
            payload = super()._get_request_payload(messages, stop=stop, **kwargs)
        except (ValueError, TypeError) as error:
            raise InputError(
                f"A message can't be sent to a server: {error}.", "Send text, image and audio blocks only."
            ) from None
        if "max_completion_tokens" in payload:
            # The older name is the one that every server knows.
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        body = extra_body(options, self.kind, hybrid=self.hybrid)
        turns = plain(payload["messages"])
        if (thought := options.get("thought")) is not None:
            last, fields = going_on(thought, self.kind, opens_thought=self.opens_thought)
            turns, body = [*turns, last], {**body, **fields}
        payload |= {"messages": turns, "extra_body": {**body, **(payload.get("extra_body") or {})}}
        if "tools" in payload:
            payload["tools"] = plain(payload["tools"])
        return without(payload, self._refused)

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        clean, thought = mended(chunk)
        made = super()._convert_chunk_to_generation_chunk(clean, default_chunk_class, base_generation_info)
        if made is not None and thought:
            made.message.additional_kwargs["reasoning_content"] = thought
        return made

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self._check_open()
        cancellation, answer, tries = current_cancellation(), Answer(), 0
        while not (cancellation.stopped or answer.finished):
            try:
                stream = super()._stream(messages, stop=stop, run_manager=run_manager, **kwargs)
                with closing(stream) as chunks:  # type: ignore[type-var]  # typed as an Iterator, always a generator
                    for chunk in chunks:
                        if (ready := answer.take(chunk)) is not None:
                            yield ready
                        if cancellation.stopped:
                            break
                    else:
                        self._check_complete(answer)
            # Servers break the protocol in ways that make the SDK raise anything; `_judge` names the fault.
            except Exception as error:
                if cancellation.stopped or answer.finished:
                    break
                tries, delay = self._judge(error, answer, tries)
                pause(delay, cancellation)
        if answer.finished or not answer.passed_on:
            yield answer.end()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        self._check_open()
        cancellation, answer, tries = current_cancellation(), Answer(), 0
        while not (cancellation.stopped or answer.finished):
            try:
                stream = super()._astream(messages, stop=stop, run_manager=run_manager, **kwargs)
                async with aclosing(stream) as chunks:  # type: ignore[type-var]  # as above
                    while (chunk := await unless_stopped(anext(chunks, None), cancellation)) is not None:
                        if (ready := answer.take(chunk)) is not None:
                            yield ready
                    self._check_complete(answer)
            except Stopped:
                break
            # As in `_stream`.
            except Exception as error:
                if cancellation.stopped or answer.finished:
                    break
                tries, delay = self._judge(error, answer, tries)
                try:
                    await unless_stopped(asyncio.sleep(delay), cancellation)
                except Stopped:
                    break
        if answer.finished or not answer.passed_on:
            yield answer.end()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop=stop, run_manager=run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop=stop, run_manager=run_manager, **kwargs))

    def _check_open(self) -> None:
        if self.root_client.is_closed():
            raise BackendError(f"The model {self.model_name!r} has been unloaded.", "Load it again.")

    def _check_complete(self, answer: Answer) -> None:
        if answer.finished:
            return
        if answer.passed_on:
            raise broken_off(self._server, answer.tokens)
        raise not_the_api(self._server, "a stream without a single token")

    def _judge(self, error: Exception, answer: Answer, tries: int) -> tuple[int, float]:
        """Return the number of failed tries and the seconds until the next, or raise when there is none."""
        if isinstance(error, openai.APIStatusError) and error.status_code in (400, 422):
            refused = refused_fields(error.response.text, self._refused)
            if refused:
                self._refused |= refused
                logger.warning(
                    "The server at %s doesn't take %s; it is left out from now on.",
                    self._server.shown,
                    ", ".join(sorted(refused)),
                )
                return tries, 0.0
        tries += 1
        if answer.passed_on or tries > (self.max_retries or 0) or not worth_another_try(error):
            self._give_up(error, answer, tries)
        return tries, delay_before_retry(error, tries, self.retry_delay)

    def _give_up(self, error: Exception, answer: Answer, tries: int) -> NoReturn:
        fault = explain(error, self._server, self.model_name, tokens=answer.tokens, tries=tries)
        if fault is error:
            raise fault
        raise fault from (None if isinstance(error, openai.OpenAIError) else error)
