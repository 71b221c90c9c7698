"""Keeps personal data and secrets from the models; the router puts pseudonyms' values back into the answer."""

from __future__ import annotations

from qwen_router import Request, Settings, Verdict, hookimpl


@hookimpl
def check_request(request: Request, settings: Settings) -> Verdict | None:
    """Put placeholders for e-mail addresses, numbers of persons, keys and the like, in every message.

    With `hash` they are pseudonyms and the answer gets the values back; with `mask` they only say the kind.

    Raises:
        ConfigError: There is no key for pseudonyms.
    """
    if settings.security.pii == "off":
        return None
    # Late: it brings libraries that a router without this guard needs not.
    from qwen_router_plugins.guards.pii.replacing import Replacement

    replacement = Replacement(settings.security)
    changed = request.with_texts(replacement.replace)
    if changed is request:
        return None
    return Verdict(
        action="rewrite",
        kind="personal_data",
        why=f"Personal data or secrets were replaced: {', '.join(sorted(replacement.kinds))}.",
        text=changed.text,
        messages=changed.messages,
        placeholders=replacement.values,
    )
