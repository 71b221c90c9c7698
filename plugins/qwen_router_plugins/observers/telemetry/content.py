"""What was said, as the semantic conventions write it: JSON of messages and their parts.

Only where the operator asks for it. Images and sounds are named, never sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from langchain_core.messages import BaseMessage

from qwen_router import Request

_ROLES = {"human": "user", "ai": "assistant"}


def input_messages(request: Request) -> str:
    """Return the conversation."""
    return _json([{"role": _ROLES.get(m.type, m.type), "parts": list(_parts(m))} for m in request.messages])


def output_messages(text: str, thinking: str, finish_reason: str) -> str:
    """Return what was answered."""
    parts = [{"type": "reasoning", "content": thinking}] if thinking else []
    parts.append({"type": "text", "content": text})
    return _json([{"role": "assistant", "parts": parts, "finish_reason": finish_reason}])


def _parts(message: BaseMessage) -> Iterable[dict[str, Any]]:
    if isinstance(message.content, str):
        yield {"type": "text", "content": message.content}
        return
    for block in message.content_blocks:
        if block["type"] == "text":
            yield {"type": "text", "content": block["text"]}
        else:
            yield {"type": "blob", "modality": block["type"]}


def _json(messages: list[dict[str, Any]]) -> str:
    return json.dumps(messages, ensure_ascii=False)
