"""Decides whether a model thinks, and for how many tokens at most."""

from __future__ import annotations

from qwen_router import Classification, Request, Settings, hookimpl


@hookimpl
def think(request: Request, classification: Classification, settings: Settings) -> int:
    """Obey the caller's hint, then the conversation's latest `/think` or `/no_think`, then the mode and difficulty.

    The soft switches are Qwen3's own, see its model card. The harder the request, the longer the thought may be.
    """
    thinks = request.hints.thinking
    if thinks is None:
        thinks = request.thinking_switch
    if thinks is None and settings.thinking.mode != "auto":
        thinks = settings.thinking.mode == "on"
    if thinks is None:
        thinks = classification.difficulty >= settings.thinking.min_difficulty
    return budget(classification.difficulty, settings) if thinks else 0


def budget(difficulty: float, settings: Settings) -> int:
    """Return the most tokens of a thought: `min_tokens` up to `min_difficulty`, `max_tokens` at 1, linear between."""
    thinking = settings.thinking
    span = 1 - thinking.min_difficulty
    share = max(0.0, difficulty - thinking.min_difficulty) / span if span else 0.0
    return round(thinking.min_tokens + share * (thinking.max_tokens - thinking.min_tokens))
