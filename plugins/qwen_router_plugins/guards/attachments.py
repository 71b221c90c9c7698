"""Fetches, checks and measures what is attached, before a model is chosen for it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Literal

from langchain_core.messages import AnyMessage

from qwen_router import Classification, MediaError, Request, Settings, Verdict, hookimpl
from qwen_router.config import LimitsSection
from qwen_router.request import blocks_of
from qwen_router_plugins.media import check_image, fetch, is_remote, load_audio, measure_audio, measure_image

_ANY_RATE = 16_000
_KINDS: tuple[Literal["image", "audio"], ...] = ("image", "audio")
_NOT_READ = ("video", "file", "text-plain", "non_standard")


@hookimpl
def check_request(request: Request, settings: Settings) -> Verdict | None:
    """Deny too many attachments; refuse what can't be read; put what is fetched from elsewhere into the request.

    Raises:
        MediaError: An attachment is missing, too large, of a host that isn't allowed, or neither an image nor a sound.
    """
    found = [(kind, block) for kind in _KINDS for m in request.messages for block in blocks_of(m, kind)]
    _refuse_other_kinds(request)
    count, most = len(found), settings.limits.max_attachments
    if count > most:
        return Verdict(
            action="deny",
            kind="attachments",
            why=f"The request has {count} attachments; {most} are allowed.",
            fix="Send fewer, or raise limits.max_attachments.",
        )
    verdict = None
    if any(is_remote(block) for _, block in found):
        request = request.model_copy(update={"messages": tuple(_fetched(m, settings) for m in request.messages)})
        verdict = Verdict(action="rewrite", kind="attachments", messages=request.messages)
    for message in request.messages:
        for block in blocks_of(message, "image"):
            check_image(block, settings.limits)
        for block in blocks_of(message, "audio"):
            load_audio(block, _ANY_RATE, settings.limits)
    return verdict


@hookimpl
def classify(request: Request, classification: Classification, settings: Settings) -> Classification | None:
    """Add the sizes of images and the lengths of sounds; abstain where one can't be read."""
    try:
        media = tuple(
            (measure_image if kind == "image" else measure_audio)(block, settings.limits)
            for kind in _KINDS
            for message in request.messages
            for block in blocks_of(message, kind)
        )
    except MediaError:
        return None
    return classification.model_copy(update={"media": media}) if media else None


def _refuse_other_kinds(request: Request) -> None:
    for message in request.messages:
        if message.type not in ("human", "system") or isinstance(message.content, str):
            continue
        for block in message.content_blocks:
            if block["type"] in _NOT_READ:
                raise _not_read(dict(block))


def _not_read(block: Mapping[str, Any]) -> MediaError:
    inner = block.get("value")
    kind = str(inner.get("type", "unknown") if isinstance(inner, Mapping) else block["type"])
    if "video" in kind:
        return MediaError("A video is attached; videos are not read.", "Send single frames as images.")
    return MediaError(
        f"A block of type {kind} is attached, which no model reads.",
        'Send {"type": "image"} or {"type": "audio"} with `url` or `base64`, and text as text.',
    )


def _fetched(message: AnyMessage, settings: Settings) -> AnyMessage:
    """Return the message with what is remote in it put inline."""
    blocks = [] if isinstance(message.content, str) else [dict(block) for block in message.content_blocks]
    if not any(block["type"] in _KINDS and is_remote(block) for block in blocks):
        return message
    content = [_inline(block, settings.limits) if block["type"] in _KINDS else block for block in blocks]
    return message.model_copy(update={"content": content})


def _inline(block: dict[str, Any], limits: LimitsSection) -> dict[str, Any]:
    if not is_remote(block):
        return block
    data = fetch(str(block["url"]), block["type"], limits)
    kept = {key: value for key, value in block.items() if key != "url"}
    return {"mime_type": f"{block['type']}/*", **kept, "base64": base64.b64encode(data).decode()}
