"""Gives values names that say nothing about them: the same name to the same value, everywhere the key is the same."""

from __future__ import annotations

import hmac
import os
import re

from qwen_router import ConfigError

_LEAST_KEY = 16
_DIGITS = 10
"""Hexadecimal digits of a name: 40 bits, so that of a thousand values two are alike once in two million."""
# A bare word: models copy it faithfully, it is an identifier in code, and no renderer takes it for markup.
_KINDS = ("CARD", "EMAIL", "IBAN", "ID", "IP", "PHONE", "PRIVATE_KEY", "SECRET")
_MASKS = tuple(f"[{kind}" for kind in _KINDS)
_END = re.compile(rf"_[0-9a-f]{{{_DIGITS}}}|\]")
"""How a placeholder ends. What comes before is looked at only there: it would cost more at every character."""


def find_placeholders(text: str) -> list[tuple[int, int]]:
    """Return where pseudonyms and masks stand."""
    found = []
    for end in _END.finditer(text):
        before = _MASKS if end[0] == "]" else _KINDS
        if text.endswith(before, 0, end.start()):
            length = max(len(word) for word in before if text.endswith(word, 0, end.start()))
            found.append((end.start() - length, end.end()))
    return found


def read_key(variable: str) -> bytes:
    """Return the key.

    Args:
        variable: The environment variable that holds it.

    Raises:
        ConfigError: It isn't set, or too short to keep anybody from trying all telephone numbers.
    """
    key = os.environ.get(variable, "")
    if len(key) < _LEAST_KEY:
        fault = f"has only {len(key)} characters" if key else "isn't set"
        raise ConfigError(
            f"security.pii is 'hash', and its key ${variable} {fault}.",
            f"Set it to a secret of {_LEAST_KEY} characters or more, or set security.pii to 'mask'.",
        )
    return key.encode("utf-8", "surrogateescape")


def pseudonym(kind: str, value: str, key: bytes) -> str:
    """Return a value's name, such as `EMAIL_3f2a9c0b1d`: a keyed hash (HMAC, RFC 2104, with SHA-256).

    The same number has the same name however it is grouped; so has an address in capitals.
    """
    plain = "".join(filter(str.isalnum, value)) if kind in ("CARD", "IBAN", "ID", "PHONE") else value
    same = f"{kind}:{plain if kind in ('SECRET', 'PRIVATE_KEY') else plain.casefold()}"
    return f"{kind}_{hmac.digest(key, same.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:_DIGITS]}"
