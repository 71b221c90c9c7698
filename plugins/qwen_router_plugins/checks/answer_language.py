"""Tells an answer in a language that nobody asked for."""

from __future__ import annotations

import re

from qwen_router import Request, identify_language, speaks_of_language

# Neighbours that short texts don't tell apart.
_NEAR = (
    {"zh", "ja"}, {"es", "pt", "gl", "ca", "it"}, {"ru", "uk", "bg", "mk", "sr"}, {"id", "ms", "tl"},
    {"da", "no", "nb", "sv"}, {"cs", "sk", "pl"}, {"hr", "sr", "sl", "bs"}, {"ar", "fa", "ur"}, {"hi", "mr"},
    {"nl", "af", "de"},
)  # fmt: skip
_LEAST_ASKED = 15
"""Letters of a request from which on its language is taken for known."""
_LEAST_LETTERS = 160
"""Of an answer in Latin letters; other scripts are told by their letters alone."""


def unasked_natural_language(request: Request, answer: str) -> str | None:
    """Return the language of an answer that isn't the one asked for, nor the request's where it speaks of none."""
    found = identify_language(answer)
    if found == "und":
        return None
    if len(request.languages) == 1:
        asked = request.languages[0].partition("-")[0]
    elif speaks_of_language(request.text):
        return None
    else:
        asked = identify_language(request.text, least_letters=_LEAST_ASKED)
    if asked in ("und", found) or any({found, asked} <= near for near in _NEAR):
        return None
    latin = len(re.findall(r"[a-zA-Z]", answer))
    letters = len(re.findall(r"[^\W\d_]", answer))
    # Names, code and formulas are in Latin letters everywhere.
    if latin > letters / 2 and latin < _LEAST_LETTERS:
        return None
    return found
