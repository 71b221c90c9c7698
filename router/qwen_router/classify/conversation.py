"""Read a conversation: the turn to classify, what came before it, what is attached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

IMAGE_BLOCKS = frozenset({"image", "image_url", "input_image"})
AUDIO_BLOCKS = frozenset({"audio", "input_audio", "audio_url"})


@dataclass(frozen=True)
class Turn:
    """One message's words and attachments."""

    text: str = ""
    has_image: bool = False
    has_audio: bool = False


@dataclass(frozen=True)
class Conversation:
    """What the classifier needs of a request.

    Attributes:
        turn: the last user turn.
        earlier: the user turn before it, if there is one.
        answered_by: the task of the specialist that answered last, if it is on record.
    """

    turn: Turn
    earlier: Turn | None = None
    answered_by: str | None = None


def turn(content: Any) -> Turn:
    """Return a message's content, a string or a list of content blocks, as a turn."""
    if isinstance(content, str):
        return Turn(content)
    texts, image, audio = [], False, False
    for block in content if isinstance(content, list | tuple) else ():
        if isinstance(block, str):
            texts.append(block)
        elif isinstance(block, dict):
            kind = block.get("type")
            image |= kind in IMAGE_BLOCKS
            audio |= kind in AUDIO_BLOCKS
            if kind == "text" and isinstance(block.get("text"), str):
                texts.append(block["text"])
    return Turn("\n".join(texts), image, audio)


def read(messages: Sequence[Any]) -> Conversation:
    """Return the conversation of LangChain messages; empty where no user has spoken."""
    users = [message for message in messages if message.type == "human"]
    if not users:
        return Conversation(Turn())
    answered_by = None
    for message in messages:
        if message.type == "ai":
            task = getattr(message, "response_metadata", {}).get("task")
            answered_by = task if isinstance(task, str) else None
    earlier = turn(users[-2].content) if len(users) > 1 else None
    return Conversation(turn(users[-1].content), earlier, answered_by)
