"""Choose which of the teacher's pieces the small model keeps."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from qwen_router.classify.text import TOKEN, fold

SIZE = 90_000
NUMBERS = ("7", "42", "365", "1987", "125000")
LONGEST = 16
# Scripts of fewer readers keep fewer of their rare pieces.
RARE_SCRIPTS = 0.3
SCRIPTS = frozenset(
    [
        "LATIN",
        "CJK",
        "HIRAGANA",
        "KATAKANA",
        "HANGUL",
        "CYRILLIC",
        "ARABIC",
        "DEVANAGARI",
        "THAI",
        "BENGALI",
        "TELUGU",
        "HEBREW",
        "GREEK",
        "TAMIL",
        "KATAKANA-HIRAGANA",
    ]
)


def script(piece: str) -> str:
    """Return the first word of the Unicode name of a piece's first character."""
    return unicodedata.name(piece[0], "?").split()[0]


def choose(pieces: Mapping[str, float], texts: Sequence[str]) -> tuple[str, ...]:
    """Return the likeliest pieces, and the whole words that several training texts share."""
    weighed = {piece: p if script(piece) in SCRIPTS else RARE_SCRIPTS * p for piece, p in pieces.items()}
    kept = sorted(weighed, key=lambda piece: (-weighed[piece], piece))[:SIZE]
    seen = set(kept)
    words: Counter[str] = Counter()
    for text in texts:
        words.update({token for token in TOKEN.findall(fold(text[:1500])) if not token[0].isdigit()})
    shared = [
        word
        for word, count in words.items()
        if word not in seen and len(word) <= LONGEST and count >= (2 if word in pieces else 3)
    ]
    return (*kept, *sorted(shared))
