"""Checks what is attached before a model is chosen for it."""

from __future__ import annotations

from qwen_router import Request, Settings, Verdict, hookimpl
from qwen_router.request import blocks_of
from qwen_router_plugins.media import load_audio, load_image

_ANY_RATE = 16_000


@hookimpl
def check_request(request: Request, settings: Settings) -> Verdict | None:
    """Deny too many attachments; refuse what can't be read, before a model is chosen or fetched for it.

    Raises:
        MediaError: An attachment is missing, too large, or neither an image nor a sound.
    """
    images = [block for message in request.messages for block in blocks_of(message, "image")]
    sounds = [block for message in request.messages for block in blocks_of(message, "audio")]
    count, most = len(images) + len(sounds), settings.limits.max_attachments
    if count > most:
        return Verdict(
            action="deny",
            kind="attachments",
            why=f"The request has {count} attachments; {most} are allowed.",
            fix="Send fewer, or raise limits.max_attachments.",
        )
    for block in images:
        load_image(block, settings.limits)
    for block in sounds:
        load_audio(block, _ANY_RATE, settings.limits)
    return None
