"""LangChain messages as the plain dicts that chat templates read."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, ToolMessage

from qwen_router.errors import InputError
from qwen_router.parsing import split_thinking, without_thought
from qwen_router.request import text_of

_ROLES = {"system": "system", "human": "user", "ai": "assistant", "tool": "tool", "function": "tool"}
_CHAT_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
_ATTACHMENTS = ("image", "audio")


def template_message(message: BaseMessage, *, split_thoughts: bool = False) -> dict[str, Any]:
    """Return `role`, `content` and what else the message has of `reasoning_content`, `tool_calls` and `name`.

    `content` is a string, or a list of blocks `{"type": "text", "text": ...}`, `{"type": "image"}` and
    `{"type": "audio"}` in their order where the message has attachments.

    Args:
        split_thoughts: A closing tag without an opening one ends a thought, too, as in Qwen3's template; for models
            whose thought tags are tokens of their own. A thought moves to `reasoning_content`, for the template to
            drop it.

    Raises:
        InputError: A role or a content block that no template takes.
    """
    role = _role(message)
    content = _content(message)
    made: dict[str, Any] = {"role": role, "content": content}
    if role == "assistant":
        thought = str(message.additional_kwargs.get("reasoning_content") or _reasoning(message))
        if isinstance(content, str) and without_thought(content, unopened=split_thoughts) != content:
            made["content"], split = split_thinking(content)
            thought = thought or split
        if thought:
            made["reasoning_content"] = _clean(thought)
    if isinstance(message, AIMessage) and message.tool_calls:
        made["tool_calls"] = [
            {"type": "function", "function": {"name": _clean(call["name"]), "arguments": _clean_value(call["args"])}}
            for call in message.tool_calls
        ]
    if isinstance(message, ToolMessage):
        made["tool_call_id"] = message.tool_call_id
    if message.name:
        made["name"] = _clean(message.name)
    return made


def _role(message: BaseMessage) -> str:
    if isinstance(message, ChatMessage):
        if role := _CHAT_ROLES.get(message.role):
            return role
        raise InputError(f"A message has the unknown role {message.role!r}.", f"Use one of {', '.join(_CHAT_ROLES)}.")
    kind = message.type.removesuffix("MessageChunk").lower()
    if kind not in _ROLES:
        raise InputError(f"A message has the unknown type {message.type!r}.", f"Use one of {', '.join(_ROLES)}.")
    return _ROLES[kind]


def _content(message: BaseMessage) -> str | list[dict[str, Any]]:
    if isinstance(message.content, str):
        return _clean(message.content)
    blocks: list[dict[str, Any]] = []
    for block in message.content_blocks:
        kind = block["type"]
        if kind == "text":
            blocks.append({"type": "text", "text": _clean(str(block.get("text", "")))})
        elif kind in _ATTACHMENTS:
            blocks.append({"type": kind})
        elif block["type"] == "non_standard" and block["value"].get("type") == "tool_use":
            # Anthropic's form of a call; the message has it in `tool_calls`, too.
            continue
        elif kind not in ("reasoning", "tool_call", "invalid_tool_call", "tool_call_chunk"):
            raise InputError(
                f"A message has a content block of type {kind!r}.", "Send text, image and audio blocks only."
            )
    return blocks if any(b["type"] in _ATTACHMENTS for b in blocks) else _clean(text_of(message))


def _reasoning(message: BaseMessage) -> str:
    if isinstance(message.content, str):
        return ""
    return "".join(str(b.get("reasoning") or "") for b in message.content_blocks if b["type"] == "reasoning")


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_clean_value(k): _clean_value(v) for k, v in value.items()}
    return [_clean_value(v) for v in value] if isinstance(value, list | tuple) else value


def _clean(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes: they stand for bytes that were not text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
