"""Structural signals: what the shape of a text says, whatever its language."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache

IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|gif|bmp|webp|tiff?|svg|heic)\b", re.I)
AUDIO_FILE = re.compile(r"\.(?:wav|mp3|flac|ogg|m4a|aac|opus)\b", re.I)
CODE_FILE = re.compile(r"\.(?:py|js|tsx?|java|cpp|cs|go|rs|rb|php|html?|css|sql|sh|ya?ml|json)\b", re.I)
URL = re.compile(r"https?://|www\.", re.I)
LATEX = re.compile(r"\\[a-zA-Z]{2,}|\\[(\[]|\$[^$\n]{1,80}\$")
POWER = re.compile(r"[A-Za-z0-9)}]\^[\w{(-]|[A-Za-z]_[{\d]")
ARITHMETIC = re.compile(r"\d\s*[-+*/×÷=<>≤≥^]\s*[\d(xyn]|=\s*\?")
EQUATION = re.compile(r"\b\d*[a-zA-Z]\s?[-+=*/]\s?\d|[²³√π∑∫∞≤≥]")
MONEY = re.compile(r"[$€£¥₹₽฿₩]\s?\d|\d\s?[%€£¥₹₽฿₩]")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
STATEMENT = re.compile(
    r"^[ \t]*(?:def|class|import|from|func(?:tion)?|fn|fun|public|private|protected|static|package"
    r"|using|var|let|const|return|if|for|while|try|#include|#!|<\?php|SELECT|INSERT|CREATE|sub|void|int)\b[^.?!\n]*[(){};:=]",
    re.M,
)
CALL = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*\([^)\n]{0,60}\)")
# Possessive: what follows a run of small letters is none, so giving some back could never help.
IDENTIFIER = re.compile(r"\b[a-z]++(?:_[a-z_]+\b|[A-Z]\w*\b)|\w::\w|\w->\w|\w\.\w+\(|`[^`\n]+`")
COMMENT = re.compile(r"^[ \t]*(?://|/\*|\*|#\s|--\s|\"\"\"|''')|>>>|=>|->", re.M)
HINT = re.compile(r"[a-z][A-Z]|[_`]|::|->|\.\w+\(")
EQUATION_HINT = re.compile(r"[-+=*/]\s?\d|[²³√π∑∫∞≤≥]")
CALL_HINT = re.compile(r"\w\(")
QUESTION = re.compile(r"[?？؟]")
SENTENCE = re.compile(r"[.!?。！？؟।။]+(?:\s|$)|[。！？।]")
CHOICE = re.compile(r"^\(?[A-E1-5][.)]\s", re.M)


def _share(symbols: str) -> Callable[[str], float]:
    def share(text: str) -> float:
        return 10 * sum(map(text.count, symbols)) / (len(text) + 20)

    return share


def _many(pattern: re.Pattern[str], *needed: str) -> Callable[[str], float]:
    """Count matches; ``needed`` are substrings one of which every match has: a look-up is far cheaper."""

    def many(text: str) -> float:
        if needed:
            text = _lines(text, needed)
        return math.log1p(len(pattern.findall(text)))

    return many


@lru_cache(maxsize=1)
def _numbers(text: str) -> int:
    return len(NUMBER.findall(text))


def _lines(text: str, needed: tuple[str, ...]) -> str:
    if not any(part in text for part in needed):
        return ""
    return "\n".join([line for line in text.split("\n") if any(part in line for part in needed)])


def _hinted(pattern: re.Pattern[str], hint: re.Pattern[str], *, by_line: bool = True) -> Callable[[str], float]:
    """Count matches where ``hint``, a part of every match that is cheap to find, occurs in the text or in its line."""

    def hinted(text: str) -> float:
        if not hint.search(text):
            return 0.0
        if by_line:
            text = "\n".join([line for line in text.split("\n") if hint.search(line)])
        return math.log1p(len(pattern.findall(text)))

    return hinted


def _indented(text: str) -> float:
    return math.log1p(text.count("\n    ") + text.count("\n\t"))


_arithmetic, _money = _many(ARITHMETIC), _many(MONEY)
SIGNALS: dict[str, Callable[[str], float]] = {
    "length": lambda text: math.log1p(len(text)),
    "lines": lambda text: math.log1p(text.count("\n")),
    "sentences": _many(SENTENCE),
    "numbers": lambda text: math.log1p(_numbers(text)),
    "density of numbers": lambda text: 100 * _numbers(text) / (len(text) + 50),
    "question mark": lambda text: float(QUESTION.search(text) is not None),
    "ends with a question": lambda text: float(QUESTION.search(text.rstrip()[-2:]) is not None),
    "LaTeX": _many(LATEX, "\\", "$"),
    "exponents and indices": _many(POWER, "^", "_"),
    "arithmetic": lambda text: _arithmetic(text) if _numbers(text) or "=" in text else 0.0,
    "equation": _hinted(EQUATION, EQUATION_HINT, by_line=False),
    "money or percent": lambda text: _money(text) if _numbers(text) else 0.0,
    "code fence": lambda text: float("```" in text),
    "brackets": _share("{}[]();"),
    "operators": _share("=<>_\\&|*#"),
    "statements": _many(STATEMENT),
    "calls": _hinted(CALL, CALL_HINT),
    "identifiers": _hinted(IDENTIFIER, HINT),
    "comments": _many(COMMENT),
    "indented lines": _indented,
    "code file": _many(CODE_FILE),
    "image file": _many(IMAGE_FILE),
    "audio file": _many(AUDIO_FILE),
    "URL": lambda text: math.log1p(len(URL.findall(text))) if "://" in text or "www." in text.lower() else 0.0,
    "choices": _many(CHOICE),
    "quotes": _share("\"'“”«»「」"),
}


def measure(text: str) -> list[float]:
    """Return every signal of a windowed, unfolded text, in the order of ``SIGNALS``."""
    return [signal(text) for signal in SIGNALS.values()]
