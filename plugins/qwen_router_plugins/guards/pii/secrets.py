"""Finds keys, tokens and passwords by the forms that their makers gave them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qwen_router_plugins.guards.pii.entity import Entity

_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]{0,24})PRIVATE KEY(?P<block> BLOCK)?-----"
    r"(?:[^-]|-(?!----))*+(?:-----END (?P=kind)PRIVATE KEY(?: BLOCK)?-----)?"
)
# The forms that gitleaks (https://github.com/gitleaks/gitleaks) and the makers' documentation give.
_API_KEY = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[\w-]{20,64}"
    r"|sk-[A-Za-z0-9_-]{20,255}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,255}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,64}|npm_[A-Za-z0-9]{36}"
    r"|pypi-[\w-]{50,255}|SG\.[\w-]{22}\.[\w-]{43}|dop_v1_[0-9a-f]{64}|\d{8,10}:AA[\w-]{33}"
    r"|eyJ[\w-]{8,4096}\.eyJ[\w-]{8,4096}\.[\w-]{8,4096}"
    r")(?![A-Za-z0-9_-])"
)
# Every one of them has so many characters in one piece; hardly a word has.
_LONG = re.compile(r"[A-Za-z0-9_-]{14}")
# What is given a telling name. Code gives names values too: a secret has digits and letters and calls nothing.
_GIVEN = re.compile(
    r"(?i)(?:api[ _-]?key|secret|token|passwor[dt]|passwd|pwd|passphrase)[\w-]{0,16}[\"']?"
    r"\s{0,3}(?::|=|\bis\b)\s{0,3}[\"']?"
    r"(?P<value>(?=[^\s\"']{0,64}\d)(?=[^\s\"']{0,64}[a-z])[A-Za-z0-9_\-+/=.!@#$%^&*~]{8,255})(?![\w(\[{])"
)
_NAMES = ("key", "secret", "token", "passwor", "passwd", "pwd", "passphrase")
_IN_URL = re.compile(r"://[^\s:/@]{1,64}:(?P<value>[^\s:/@]{3,255})@")


def find_secrets(text: str) -> Iterator[Entity]:
    """Yield private keys, API keys and passwords."""
    if "PRIVATE KEY" in text:
        for found in _PRIVATE_KEY.finditer(text):
            yield Entity("PRIVATE_KEY", *found.span())
    if _LONG.search(text):
        for found in _API_KEY.finditer(text):
            yield Entity("SECRET", *found.span())
    small = text.lower()
    if any(name in small for name in _NAMES):
        for found in _GIVEN.finditer(text):
            yield Entity("SECRET", *found.span("value"))
    if "://" in text:
        for found in _IN_URL.finditer(text):
            yield Entity("SECRET", *found.span("value"))
