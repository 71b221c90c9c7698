"""llama.cpp's chunks as LangChain's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, ToolCallChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from qwen_router.errors import BackendError
from qwen_router.parsing import OPEN, split_thinking
from qwen_router_plugins.backends.llama_cpp.hermes import ToolCallSplitter


class Answer:
    """Turns the chunks of one completion into message chunks; the last one carries usage and the finish reason.

    Args:
        prompt_tokens: Length of the prompt, for an answer that is cancelled before llama.cpp tells.
        opened: The prompt has opened a thought, which the answer then begins with.
        tools: Look for tool calls.
        constrained: The answer has to be JSON.
    """

    def __init__(
        self, model: str, *, prompt_tokens: int, opened: bool = False, tools: bool = False, constrained: bool = False
    ) -> None:
        self._model = model
        self._usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 0}
        self._opened = opened
        self._splitter = ToolCallSplitter() if tools else None
        self._constrained = constrained
        self._said: list[str] = []
        self._finish: str | None = None

    def begin(self) -> Iterator[ChatGenerationChunk]:
        """Yield what the prompt has already said of the answer."""
        if self._opened:
            yield _chunk(f"{OPEN}\n")

    def feed(self, event: dict[str, Any]) -> Iterator[ChatGenerationChunk]:
        """Yield what one chunk of llama.cpp says."""
        choice = event["choices"][0]
        if choice["finish_reason"]:
            self._finish, self._usage = choice["finish_reason"], event["usage"]
        else:
            self._usage["completion_tokens"] += 1
        if text := choice["text"]:
            if self._constrained:
                self._said.append(text)
            yield from self._pieces(self._splitter.feed(text) if self._splitter else (text,))

    def end(self) -> Iterator[ChatGenerationChunk]:
        """Yield the rest and the last chunk; after a cancellation with what is known by then.

        Raises:
            BackendError: llama.cpp couldn't keep to the JSON schema.
        """
        if self._splitter:
            yield from self._pieces(self._splitter.close())
        if self._constrained and self._finish == "stop":
            self._check_json()
        finish = "tool_calls" if self._splitter and self._splitter.calls else self._finish or "stop"
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                usage_metadata=self._usage_metadata(),
                response_metadata={"finish_reason": finish, "model_name": self._model, "model_provider": "llama_cpp"},
                chunk_position="last",
            ),
            generation_info={"finish_reason": finish},
        )

    def _pieces(self, pieces: Iterable[str | ToolCallChunk]) -> Iterator[ChatGenerationChunk]:
        for piece in pieces:
            yield _chunk(piece) if isinstance(piece, str) else _chunk("", [piece])

    def _check_json(self) -> None:
        """llama.cpp leaves an answer free when its grammar library can't use the schema."""
        text, _ = split_thinking("".join(self._said), opened=self._opened)
        try:
            json.loads(text)
        except ValueError:
            raise BackendError(
                "llama.cpp couldn't follow the JSON schema.", "Check its types and keywords, or make it simpler."
            ) from None

    def _usage_metadata(self) -> UsageMetadata:
        read, written = self._usage["prompt_tokens"], self._usage["completion_tokens"]
        return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)


def _chunk(text: str, calls: list[ToolCallChunk] | None = None) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text, tool_call_chunks=calls or []))


def result_of(chunks: Iterable[ChatGenerationChunk]) -> ChatResult:
    """Join the chunks of a whole answer."""
    first, *others = [chunk.message for chunk in chunks if isinstance(chunk.message, AIMessageChunk)]
    whole = first.__add__(others)
    message = AIMessage(
        whole.content,
        tool_calls=whole.tool_calls,
        invalid_tool_calls=whole.invalid_tool_calls,
        usage_metadata=whole.usage_metadata,
        response_metadata=whole.response_metadata,
    )
    info = {"finish_reason": whole.response_metadata["finish_reason"]}
    return ChatResult(generations=[ChatGeneration(message=message, generation_info=info)])
