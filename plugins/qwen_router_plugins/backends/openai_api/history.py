"""Earlier answers without their thoughts: servers would read them as text, because their tags are made plain."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage

from qwen_router.parsing import without_thought
from qwen_router.request import text_of

_TEXT = ("text", "reasoning", "thinking", "tool_call", "invalid_tool_call", "tool_call_chunk", "tool_use")
"""Blocks of an answer that has no attachments; tool calls travel beside the content."""


def without_thoughts(messages: Sequence[BaseMessage], *, thinks: bool) -> list[BaseMessage]:
    """Return messages whose assistant turns hold the answers alone.

    Args:
        thinks: Whether the model can think: then a closing tag without an opening one ends a thought as well.
    """
    return [_answer(m, thinks=thinks) if isinstance(m, AIMessage) else m for m in messages]


def _answer(message: AIMessage, *, thinks: bool) -> AIMessage:
    content = message.content
    if isinstance(content, list):
        if not all(isinstance(block, str) or block.get("type") in _TEXT for block in content):
            return message
        content = text_of(message)
    text = without_thought(content, unopened=thinks)
    return message if text == message.content else message.model_copy(update={"content": text})
