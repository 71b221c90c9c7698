"""What is kept of texts: keyed hashes, or the texts themselves."""

from __future__ import annotations

import hashlib
import threading
from functools import lru_cache
from typing import Any

from qwen_router import Settings
from qwen_router_plugins.observers.traces.key import read_key

_BYTES, _USERS = 16, 1024
_NAME: dict[str, Any] = {"request": {"user"}}
# The signals of a classification are words of the request, too.
_WORDS: dict[str, Any] = {
    "classification": {"reasons"},
    "attempts": {"__all__": {"check": {"why", "feedback"}}},
    "denied": {"why", "fix", "text"},
}


class Content:
    """Takes out of decisions what nobody is to read later.

    With `traces.content` at `hash`, requests and answers become keyed hashes (BLAKE2b, RFC 7693): the same text has the
    same hash, and nobody can try texts without the key. What was said about them in words is left out. Users' names are
    always hashed.

    Attributes:
        exclude: The fields of a `PackedDecision` that aren't kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._texts = settings.traces.content == "text"
        self.exclude = _NAME if self._texts else _NAME | _WORDS
        self._lock = threading.Lock()
        self._key = b""
        self._known = lru_cache(_USERS)(lambda name: self._hashed(name, b"user"))

    def user(self, name: str) -> str:
        """Return what is kept of a user's name.

        Raises:
            OSError: There is no key, and none can be made.
        """
        # Few users ask most of the questions.
        return self._known(name)

    def text(self, text: str) -> str:
        """Return what is kept of a text; raises what `user` raises."""
        return text if self._texts else self._hashed(text, b"text")

    def _hashed(self, value: str, kind: bytes) -> str:
        if not self._key:
            with self._lock:
                # A key of any length becomes one of the length that the hash takes.
                self._key = self._key or hashlib.blake2b(read_key(self._settings)).digest()
        # Several times as fast as an HMAC, which every call would wait for.
        data = value.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=_BYTES, key=self._key, person=kind).hexdigest()
