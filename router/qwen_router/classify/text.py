"""Cut, fold and split text: everything the features see went through here."""

from __future__ import annotations

import re
import unicodedata

HEAD = 1200
TAIL = 400
# Python's \w leaves out the combining vowels of Indic and Southeast Asian scripts.
MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0970-\u09e5"
    "\u09f0-\u0dff\u0e00-\u0e4e\u0e80-\u0ecf\u1000-\u103f\u1780-\u17d3"
)
# The same for ASCII, several times as fast.
ASCII_TOKEN = re.compile(r"[a-z]+|\d+")
# Unrolled: a repeated choice between two classes is five times as slow.
LETTERS = rf"[^\W\d_]+(?:[{MARKS}]+[^\W\d_]*)*|[{MARKS}]+(?:[^\W\d_]+[{MARKS}]*)*"
TOKEN = re.compile(rf"{LETTERS}|\d+")


def window(text: str) -> str:
    """Return the head and tail of a long text, so that cost never grows with length.

    Args:
        text: any string; lone surrogates are dropped.

    Returns:
        At most ``HEAD + TAIL + 1`` characters, valid UTF-8.
    """
    if len(text) > HEAD + TAIL:
        text = text[:HEAD] + "\n" + text[-TAIL:]
    if not text.isascii():
        text = text.encode("utf-8", "ignore").decode("utf-8")
    return text


def fold(text: str) -> str:
    """Return the text in NFKC and lower case, the form of the vocabulary."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()


def tokens(folded: str) -> list[str]:
    """Split folded text into runs of letters and runs of digits."""
    return (ASCII_TOKEN if folded.isascii() else TOKEN).findall(folded)
