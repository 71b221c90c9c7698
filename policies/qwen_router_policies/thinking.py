"""Decides whether a hybrid model thinks."""

from __future__ import annotations

import re

from qwen_router import Classification, Request, Settings, hookimpl

_SWITCH = re.compile(r"(?<!\S)/(no_think|think)(?!\S)")


@hookimpl
def think(request: Request, classification: Classification, settings: Settings) -> bool:
    """Obey the caller's hint, then the user's last `/think` or `/no_think`, then the mode and the difficulty.

    The soft switches are Qwen3's own, see its model card.
    """
    if request.hints.thinking is not None:
        return request.hints.thinking
    if switches := _SWITCH.findall(request.text):
        return bool(switches[-1] == "think")
    if settings.thinking.mode != "auto":
        return settings.thinking.mode == "on"
    return classification.difficulty >= settings.thinking.min_difficulty
