"""Denies or flags what looks like an attack."""

from __future__ import annotations

from langchain_core.messages import AIMessage, SystemMessage

from qwen_router import Attack, Request, Settings, Verdict, attack_of, hookimpl
from qwen_router.request import text_of

_WHAT = {
    "prompt_injection": "like an attempt to override or to read instructions",
    "jailbreak": "like an attempt to talk the model out of its rules",
    "harmful_request": "like a request for help with harm",
}


@hookimpl
def check_request(request: Request, settings: Settings) -> Verdict | None:
    """Judge what users and tools say, not what the application and the models say; the worst of it counts."""
    security = settings.security
    policy = {kind: getattr(security, kind) for kind in _WHAT}
    if set(policy.values()) == {"off"}:
        return None
    texts = (text_of(m) for m in request.messages if not isinstance(m, SystemMessage | AIMessage))
    attacks = (attack_of(text) for text in texts if text.strip())
    found = [a for a in attacks if a.score >= security.attack_threshold and policy[a.kind] != "off"]
    if not found:
        return None
    worst = max(found, key=lambda attack: (policy[attack.kind] == "deny", attack.score))
    denied = policy[worst.kind] == "deny"
    return Verdict(
        action="deny" if denied else "allow",
        kind=worst.kind,
        score=worst.score,
        why=f"The request looks {_WHAT[worst.kind]} ({_because(worst)}).",
        fix=f'If it means no harm, say it in other words, or set security.{worst.kind} = "flag".' if denied else "",
    )


def _because(attack: Attack) -> str:
    said = ", ".join(reason.signal for reason in attack.reasons[:2])
    return f"{100 * attack.score:.0f} %: {said}" if said else f"{100 * attack.score:.0f} %"
