"""What the guards would make of a text, without answering it."""

from __future__ import annotations

from typing import Any

import pluggy

from qwen_router import guards
from qwen_router.classify.attack import attack_of
from qwen_router.config import Settings
from qwen_router.jsonl import messages_of
from qwen_router.request import Request
from qwen_router.types import Usage


def guard_row(manager: pluggy.PluginManager, settings: Settings, row: dict[str, Any]) -> dict[str, Any]:
    """Return what the guards make of `{"text" | "messages"}`.

    Returns:
        `verdict` (`allow`, `rewrite` or `deny`), `kind` (of the verdict or of what is suspected, empty for a plain
        allow), `score` (the probability of an attack), `reasons` and `text` (of the last turn, as rewritten).

    Raises:
        ValueError: The row's messages are none.
    """
    request = Request(messages=messages_of(row)) if "messages" in row else Request.of(row["text"])
    admission = guards.check_request(manager, request, settings)
    guards.settle(manager, request, None, Usage(), settings)
    attack = attack_of(request.text)
    said = [*admission.noted, *([admission.denied] if admission.denied else [])]
    rewritten = any(verdict.action == "rewrite" for verdict in said)
    reasons = [verdict.why for verdict in said] or [reason.signal for reason in attack.reasons]
    return {
        "verdict": "deny" if admission.denied else "rewrite" if rewritten else "allow",
        "kind": said[-1].kind if said else "",
        "score": round(max([attack.score, *(v.score for v in said if v.score is not None)]), 6),
        "reasons": reasons,
        "text": admission.request.text,
    }
