"""Qwen3's soft switches, `/think` and `/no_think`: reads them in a conversation, and takes them out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

# At an end of a line only: "What does /no_think do?" asks about a switch, and must reach the model whole.
_SWITCH = re.compile(r"^[ \t]*/(?P<first>no_think|think)(?!\S)[ \t]*|(?<=\s)/(?P<last>no_think|think)[ \t]*$", re.M)


def last_switch(texts: Iterable[str]) -> bool | None:
    """Return whether the latest switch says to think: the latest wins, see Qwen3's model card. `None` without one."""
    # Asked for every model of every request: most texts hold no such word.
    found = [m["first"] or m["last"] for text in texts if "think" in text for m in _SWITCH.finditer(text)]
    return found[-1] == "think" if found else None


def without_switches(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return the messages without the switches of users' and system turns; a turn that is nothing else stays."""
    return [_without(m) if isinstance(m, HumanMessage | SystemMessage) else m for m in messages]


def _without(message: BaseMessage) -> BaseMessage:
    content = message.content
    cut: Any = _cut(content) if isinstance(content, str) else [_cut_block(block) for block in content]
    return message if cut == content else message.model_copy(update={"content": cut})


def _cut_block(block: Any) -> Any:
    if isinstance(block, str):
        return _cut(block)
    return {**block, "text": _cut(block["text"])} if block.get("type") == "text" else block


def _cut(text: str) -> str:
    left, switches = _SWITCH.subn("", text)
    return left.strip() if switches and left.strip() else text
