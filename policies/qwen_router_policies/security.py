"""What a request may look like: limits and characters that have no business in a text."""

from __future__ import annotations

import re

from qwen_router import Request, Settings, Verdict, hookimpl

# Control characters but tab, line feed and carriage return; and surrogates, which no UTF-8 text holds.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@hookimpl
def check_request(request: Request, settings: Settings) -> Verdict | None:
    """Deny a request that is too long; take out characters that no text needs."""
    size, most = sum(len(m.text) for m in request.messages), settings.limits.max_characters
    if size > most:
        return Verdict(
            action="deny",
            kind="length",
            why=f"The request has {size:,} characters; {most:,} are allowed.",
            fix="Shorten it, or raise limits.max_characters.",
        )
    text = request.text
    clean = _CONTROL.sub("", text)
    if clean != text:
        return Verdict(
            action="rewrite", kind="control_characters", why="Control characters were taken out.", text=clean
        )
    return None
