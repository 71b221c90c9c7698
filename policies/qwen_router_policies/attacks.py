"""Denies or flags what looks like an attack."""

from __future__ import annotations

from collections.abc import Iterator

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from qwen_router import Attack, Moderation, Reason, Request, Settings, Verdict, attack_of, hookimpl
from qwen_router.request import text_of

_WHAT = {
    "prompt_injection": "like an attempt to override or to read instructions",
    "jailbreak": "like an attempt to talk the model out of its rules",
    "harmful_request": "like a request for help with harm",
}
_SCORES = {"Safe": 0.0, "Controversial": 0.5, "Unsafe": 1.0}


@hookimpl
def check_request(request: Request, settings: Settings) -> Verdict | None:
    """Judge what users and tools say, not what the application and the models say; the worst of it counts."""
    security = settings.security
    policy = {kind: getattr(security, kind) for kind in _WHAT}
    if set(policy.values()) == {"off"}:
        return None
    found = [a for a in _attacks(request) if a.score >= security.attack_threshold and policy[a.kind] != "off"]
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


def _attacks(request: Request) -> Iterator[Attack]:
    """Yield what every text looks like.

    Where a moderator has read all that the user says, its word counts on jailbreaks and harmful requests instead of the
    score; it isn't asked about what tools return, nor again about what is kept of the conversation.
    """
    moderation = request.moderation
    if moderation is not None:
        yield from _moderated(moderation)
    for message in request.messages:
        if isinstance(message, SystemMessage | AIMessage) or not (text := text_of(message)).strip():
            continue
        attack = attack_of(text)
        moderated = moderation is not None and moderation.whole and isinstance(message, HumanMessage)
        if attack.kind == "prompt_injection" or not moderated:
            yield attack


def _moderated(moderation: Moderation) -> Iterator[Attack]:
    """Yield a moderator's word as an attack; as two where it sees a jailbreak and other harm."""
    name = moderation.model.rpartition("/")[2]
    said = f"{name} says {': '.join(filter(None, [moderation.safety, ', '.join(moderation.categories)]))}"
    reasons = (Reason(signal=said, weight=0.0),)
    if "Jailbreak" in moderation.categories:
        yield Attack(_SCORES[moderation.safety], "jailbreak", reasons)
    if moderation.categories != ("Jailbreak",):
        yield Attack(_SCORES[moderation.safety], "harmful_request", reasons)


def _because(attack: Attack) -> str:
    said = ", ".join(reason.signal for reason in attack.reasons[:2])
    return f"{100 * attack.score:.0f} %: {said}" if said else f"{100 * attack.score:.0f} %"
