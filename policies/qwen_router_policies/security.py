"""What length and shape a request may have."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from qwen_router import Request, Settings, Verdict, estimated_tokens, hookimpl
from qwen_router.request import text_of

_DEEPEST = 1000
"""Levels that are counted: what is deeper is said to be this deep."""
_CONVERSATION = "Shorten it or begin a new conversation"


@hookimpl
def check_request(request: Request, settings: Settings) -> Verdict | None:
    """Deny a request that is too long or too deep, or has too many messages; what is counted quickly comes first."""
    limits = settings.limits
    turns = len(request.messages)
    if turns > limits.max_turns:
        return _denied("turns", f"The request has {turns:,} messages", "max_turns", limits.max_turns, _CONVERSATION)
    sizes = [len(text_of(message)) for message in request.messages]
    size, longest = sum(sizes), max(sizes)
    if size > limits.max_characters:
        what = f"The request has {size:,} characters"
        return _denied("length", what, "max_characters", limits.max_characters, _CONVERSATION if turns > 1 else None)
    if longest > limits.max_message_characters:
        what = f"Message {sizes.index(longest) + 1} has {longest:,} characters"
        return _denied("message_length", what, "max_message_characters", limits.max_message_characters)
    depth = _depth(_structures(request))
    if depth > limits.max_json_depth:
        what = f"The request has JSON of {depth:,} levels"
        return _denied("json_depth", what, "max_json_depth", limits.max_json_depth, "Make it flatter")
    tokens = estimated_tokens(request)
    if tokens > limits.max_tokens:
        what = f"The request has about {tokens:,} tokens"
        return _denied("tokens", what, "max_tokens", limits.max_tokens, _CONVERSATION if turns > 1 else None)
    return None


def _denied(kind: str, what: str, key: str, most: int, fix: str | None = None) -> Verdict:
    return Verdict(
        action="deny",
        kind=kind,
        why=f"{what}; {most:,} are allowed.",
        fix=f"{fix or 'Shorten it'}, or raise limits.{key}.",
    )


def _structures(request: Request) -> Iterable[Any]:
    """Return what of a request is JSON: its schema and tools, and every message's tool calls and content blocks."""
    parts = ((m.content, getattr(m, "tool_calls", ()), m.additional_kwargs) for m in request.messages)
    return chain((request.json_schema, list(request.tools)), chain.from_iterable(parts))


def _depth(structures: Iterable[Any]) -> int:
    """Return how many objects and lists are inside each other, the deepest counts."""
    level, depth = [s for s in structures if s and isinstance(s, dict | list)], 0
    while level and depth < _DEEPEST:
        inside = chain.from_iterable(s.values() if isinstance(s, dict) else s for s in level)
        # By identity: what is referred to twice is looked at once.
        level = list({id(s): s for s in inside if isinstance(s, dict | list)}.values())
        depth += 1
    return depth
