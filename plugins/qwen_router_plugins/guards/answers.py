"""Keeps an answer from giving away what it should not: to outside hosts, or of what the application told the model."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from langchain_core.messages import HumanMessage, SystemMessage

from qwen_router import Answer, Request, Settings, Verdict, hookimpl
from qwen_router.request import text_of
from qwen_router_plugins.guards.pii.secrets import find_secrets

_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.S)
# What a page loads by itself, whoever wrote it: the address can carry what the model was told.
_LOADED = re.compile(
    r"!\[(?P<alt>[^\]\n]{0,1000})\]\(\s*<?(?P<url>(?:https?:)?//[^\s)>]+)[^)\n]{0,1000}\)"
    r"|<(?:img|iframe|video|audio|source|embed|object|link|script)\b[^>]{0,1000}?"
    r"(?:src|href|data)\s*=\s*[\"']?(?P<source>(?:https?:)?//[^\s\"'>]+)[^>]{0,1000}>",
    re.I,
)
_REFERENCED = re.compile(r"^(?P<head> {0,3}\[[^\]\n]{1,200}\]:\s*)<?(?P<url>(?:https?:)?//[^\s>]+)>?.*$", re.M)
_SPECIAL = re.compile(r"<\|[a-z_]{2,30}\|>")
_SHORTEST_SECRET = 8


@hookimpl
def check_answer(request: Request, answer: Answer, settings: Settings) -> Verdict | None:
    """Take out what pages would load from hosts nobody named, the application's secrets, and stray special tokens."""
    asked = "\n".join(text_of(m) for m in request.messages if isinstance(m, HumanMessage | SystemMessage))
    secrets = _secrets_of(request)
    text = answer.text
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    text = _outside_code(text, lambda part: _clean(part, asked, settings))
    if text == answer.text:
        return None
    why = "Secrets of the application, images from hosts that nobody named, or special tokens were taken out."
    return Verdict(action="rewrite", kind="answer", why=why, text=text)


def _secrets_of(request: Request) -> list[str]:
    """Return what is secret in the application's own words, but for what the user said as well; the longest first."""
    told = "\n".join(text_of(m) for m in request.messages if isinstance(m, SystemMessage))
    if not told:
        return []
    said = "\n".join(text_of(m) for m in request.messages if isinstance(m, HumanMessage))
    found = {told[entity.start : entity.end] for entity in find_secrets(told)}
    return sorted((s for s in found if len(s) >= _SHORTEST_SECRET and s not in said), key=len, reverse=True)


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return the text with `change` applied to all that is not code: code shows, and loads nothing."""
    return "".join(part if at % 2 else change(part) for at, part in enumerate(_CODE.split(text)))


def _clean(text: str, asked: str, settings: Settings) -> str:
    def named(url: str) -> bool:
        host = _host(url)
        return bool(host) and (host in asked.lower() or host in settings.limits.allowed_hosts)

    def unloaded(found: re.Match[str]) -> str:
        url = found["url"] or found["source"]
        if named(url):
            return found[0]
        return f"[image of another host: {_host(url) or 'unknown'}]"

    def unreferenced(found: re.Match[str]) -> str:
        return found[0] if named(found["url"]) else f"{found['head']}#"

    if "//" in text:
        text = _LOADED.sub(unloaded, text)
        if "![" in text:
            text = _REFERENCED.sub(unreferenced, text)
    if "<|" in text:
        text = _SPECIAL.sub(lambda token: token[0] if token[0] in asked else "", text)
    return text


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
