"""Images and sounds in the form the OpenAI API takes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError
from qwen_router_plugins.media import as_sent, read_attachment

_SOUNDS = {b"RIFF": "wav", b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3", b"\xff\xfb": "mp3", b"\xff\xf3": "mp3"}


def with_attachments(messages: Sequence[BaseMessage], limits: LimitsSection) -> list[BaseMessage]:
    """Return messages whose images are data URLs and whose sounds are base64, files read from this machine.

    Raises:
        MediaError: An attachment is missing, remote, too large, or not what it says.
    """
    return [_converted(message, limits) for message in messages]


def _converted(message: BaseMessage, limits: LimitsSection) -> BaseMessage:
    if isinstance(message.content, str) or isinstance(message, AIMessage):
        return message
    blocks: list[dict[str, Any]] = [dict(block) for block in message.content_blocks]
    if not any(block["type"] in ("image", "audio") for block in blocks):
        return message
    return message.model_copy(update={"content": [_block(block, limits) for block in blocks]})


def _block(block: dict[str, Any], limits: LimitsSection) -> dict[str, Any]:
    if block["type"] == "image":
        return _image(block, limits)
    if block["type"] == "audio":
        return _audio(block, limits)
    return block


def _image(block: dict[str, Any], limits: LimitsSection) -> dict[str, Any]:
    kind, data = as_sent(block, limits)
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{base64.b64encode(data).decode()}"}}


def _audio(block: dict[str, Any], limits: LimitsSection) -> dict[str, Any]:
    data, name = read_attachment(block, limits, "audio")
    kind = next((kind for start, kind in _SOUNDS.items() if data.startswith(start)), None)
    if kind is None:
        raise MediaError(f"{name} is not a sound that a server takes.", "Send WAV, MP3, FLAC or OGG.")
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode(), "format": kind}}
