"""The router's answers as LangChain messages, whole and in chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import OutputTokenDetails, UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from qwen_router.errors import Refused
from qwen_router.request import Chunk
from qwen_router.types import Answer

_AFTER_REJECTED = "\n\n---\n\n"
"""Between what was streamed and what takes its place."""


def message_of(answer: Answer) -> AIMessage:
    """Return the answer as a message.

    Raises:
        Refused: A guard denied the request or the answer.
    """
    _check_allowed(answer)
    return AIMessage(
        answer.text,
        tool_calls=list(answer.tool_calls),
        additional_kwargs={"reasoning_content": answer.thinking} if answer.thinking else {},
        usage_metadata=_usage(answer),
        response_metadata=_metadata(answer),
    )


class Reply:
    """Makes chunks of what `Router.stream` yields; together they are what `message_of` returns.

    Args:
        held: Give nothing before the answer is final.
    """

    def __init__(self, *, held: bool = False) -> None:
        self._held = held
        self._said = ""
        self._thought = ""
        self._attempt: dict[str, int] = {}

    def take(self, item: Chunk | Answer) -> Iterator[ChatGenerationChunk]:
        """Yield what there is to say after a piece of the answer, or at its end.

        Raises:
            Refused: A guard denied the request or the answer.
        """
        if isinstance(item, Answer):
            yield from self._end(item)
        elif item.attempt > self._attempt.setdefault(item.step, item.attempt):
            # What was said can't be unsaid: the rest comes when it is certain.
            self._held = True
        elif not self._held:
            yield self._piece(item.kind, item.text)

    def _end(self, answer: Answer) -> Iterator[ChatGenerationChunk]:
        _check_allowed(answer)
        superseded = bool(self._said) and not answer.text.startswith(self._said.strip())
        rest = f"{_AFTER_REJECTED}{answer.text}" if superseded else answer.text[len(self._said) :]
        if self._held and not self._thought and answer.thinking:
            yield self._piece("thinking", answer.thinking)
        if rest:
            yield self._piece("text", rest)
        calls = [
            tool_call_chunk(name=c["name"], args=json.dumps(c["args"], ensure_ascii=False), id=c["id"], index=at)
            for at, c in enumerate(answer.tool_calls)
        ]
        metadata = {**_metadata(answer), **({"superseded": True} if superseded else {})}
        message = AIMessageChunk(
            content="",
            tool_call_chunks=calls,
            usage_metadata=_usage(answer),
            response_metadata=metadata,
            chunk_position="last",
        )
        yield ChatGenerationChunk(message=message, generation_info={"finish_reason": metadata["finish_reason"]})

    def _piece(self, kind: str, text: str) -> ChatGenerationChunk:
        if kind == "thinking":
            self._thought += text
            message = AIMessageChunk(content="", additional_kwargs={"reasoning_content": text})
        else:
            self._said += text
            message = AIMessageChunk(content=text)
        return ChatGenerationChunk(message=message)


def _check_allowed(answer: Answer) -> None:
    if (denied := answer.decision.denied) is not None:
        raise Refused(denied.why, denied.fix, kind=denied.kind or "policy", retry_after=denied.retry_after)


def _usage(answer: Answer) -> UsageMetadata:
    read, written = answer.usage.input_tokens, answer.usage.output_tokens
    return UsageMetadata(
        input_tokens=read,
        output_tokens=written,
        total_tokens=read + written,
        output_token_details=OutputTokenDetails(reasoning=answer.usage.thinking_tokens),
    )


def _metadata(answer: Answer) -> dict[str, Any]:
    decision = answer.decision
    models = dict.fromkeys(choice.winner.model for choice in decision.choices.values())
    task = decision.classification.task if decision.classification else None
    return {
        "model_name": ", ".join(models),
        "model_provider": "qwen-router",
        "task": task,
        "decision_id": decision.request_id,
        "finish_reason": decision.attempts[-1].finish_reason if decision.attempts else "stop",
        "warnings": list(answer.warnings),
    }
