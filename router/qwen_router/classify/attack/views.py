"""What a text says to those who look twice: encoded, misspelled and disguised words made plain."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import unquote

_LONGEST = 20_000
"""Characters that are looked at twice; what is longer is no disguised word."""
# Letters of other scripts that pass for Latin ones (https://www.unicode.org/Public/security/latest/confusables.txt).
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏԛԝьвгкмнтАВЕКМНОРСТУХІЈЅαορνυικτεηωχβΑΒΕΖΗΙΚΜΝΟΡΤΥΧոսցօհıɡℓ",
    "aeopcyxijsdhlqwbbrkmhtABEKMHOPCTYXIJSaopvuiktenwxbABEZHIKMNOPTYXnugohigl",
)
_MIXED = re.compile(r"[^\W\d_]*(?:[a-zA-Z][Ͱ-ҁԀ-֏ıɡℓ]|[Ͱ-ҁԀ-֏ıɡℓ][a-zA-Z])[^\W\d_]*")
_STACKED = re.compile(r"[\u0300-\u036f]{2}|[a-zA-Z][\u0300-\u036f][a-zA-Z][\u0300-\u036f]")
_LEET = str.maketrans("013457@$8!|", "oieastasbil")
# Between letters, and not in an address.
_LEET_HINT = re.compile(r"[a-zA-Z](?:[013457$8!|]+|@(?!\S*\.\w))[a-zA-Z]")
_LEET_WORD = re.compile(
    r"\b(?=\w*[a-zA-Z])[a-zA-Z]*[013457@$8!|][a-zA-Z013457@$8!|]*[a-zA-Z]\w*|\b[a-zA-Z]+[013457@$8!|]+[a-zA-Z]*", re.A
)
_SPLIT = re.compile(r"(?<!\w)\w([ .\-_*+|/])\w(?:\1\w){2,}(?!\w)")
_BASE64 = re.compile(
    r"(?<![\w+/])(?:[A-Za-z0-9+/_-]{4}){4,}(?:[A-Za-z0-9+/_-]{2}==|[A-Za-z0-9+/_-]{3}=|[A-Za-z0-9+/_-]{2,3})?(?![\w+/])"
)
_HEX = re.compile(r"(?<!\w)(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ ,:]?){8,}(?!\w)")
_BINARY = re.compile(r"(?<!\w)(?:[01]{8} ?){4,}(?!\w)")
_ESCAPED = re.compile(r"(?:%[0-9a-fA-F]{2}.?){3}|(?:&#?\w+;.?){3}|(?:\\u[0-9a-fA-F]{4}.?){3}", re.S)
_WORD = re.compile(r"[a-z]+")
_PLAIN = frozenset(
    _WORD.findall(
        "a i the and you your all how for with that this what from make please tell instructions previous ignore are can "
        "not at prompt system give write without do is in of my on to it me be"
    )
)
_FEW, _MANY = 2, 3
_SHORTEST_CODE = 16
_LONGEST_BYTE = 5
_BITS = 8
_LEGIBLE = 400


def disguised(text: str) -> Iterator[tuple[str, str]]:
    """Yield how a text is disguised, such as `base64`, and what it then says; nothing for a plain text."""
    text = text[:_LONGEST]
    words = text.split()
    for name, hinted, unmask in _UNMASKED:
        # What no word hints at isn't searched for: patterns cost far more than looking at words.
        plain = unmask(text) if hinted(words) else None
        if plain is not None and plain != text:
            yield name, plain


def _lookalikes(text: str) -> str | None:
    if text.isascii():
        return None
    plain = _MIXED.sub(lambda word: word[0].translate(_LOOKALIKES), text)
    if _STACKED.search(text):
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return plain


def _leet(text: str) -> str | None:
    if len(_LEET_HINT.findall(text)) < _FEW:
        return None
    return _LEET_WORD.sub(lambda word: word[0].translate(_LEET), text)


def _split(text: str) -> str | None:
    return _SPLIT.sub(lambda word: re.sub(r"[ .\-_*+|/]", "", word[0]), text)


def _base64(text: str) -> str | None:
    return _replaced(_BASE64, text, _decoded)


def _decoded(code: str) -> bytes:
    code = code.rstrip("=").translate(str.maketrans("-_", "+/"))
    return base64.b64decode(code + "=" * (-len(code) % 4))


def _hex(text: str) -> str | None:
    return _replaced(_HEX, text, lambda code: bytes.fromhex(re.sub(r"0x|\\x|[ ,:]", "", code)))


def _binary(text: str) -> str | None:
    return _replaced(_BINARY, text, lambda code: bytes(int(byte, 2) for byte in re.findall(r"[01]{8}", code)))


def _escaped(text: str) -> str | None:
    if not any(sign in text for sign in ("%", "&", "\\u")) or not _ESCAPED.search(text):
        return None
    plain = html.unescape(unquote(text))
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), plain)


def _rotated(text: str) -> str | None:
    return _likelier(text, lambda: codecs.encode(text, "rot13"))


def _reversed(text: str) -> str | None:
    return _likelier(text, lambda: text[::-1])


def _likelier(text: str, turn: Callable[[], str]) -> str | None:
    """Return the turned text where it reads like English and the text itself doesn't."""
    here = _legible(text)
    if here >= _MANY:
        return None
    other = turn()
    there = _legible(other)
    return other if there >= _MANY and there > 2 * here else None


@lru_cache(maxsize=2)
def _legible(text: str) -> int:
    """Return how many different common words of English there are in the beginning of a text."""
    return len(_PLAIN.intersection(_WORD.findall(text[:_LEGIBLE].lower())))


def _replaced(pattern: re.Pattern[str], text: str, decode: Callable[[str], bytes]) -> str | None:
    """Return the text with what decodes to words in the place of its code; `None` where nothing does."""
    found = False

    def plain(match: re.Match[str]) -> str:
        nonlocal found
        try:
            words = decode(match[0]).decode("utf-8")
        except (ValueError, binascii.Error):
            return match[0]
        legible = sum(c.isalpha() or c in " \n'.,?!" for c in words)
        if not words or legible < 0.8 * len(words):
            return match[0]
        found = True
        return f" {words} "

    changed = pattern.sub(plain, text)
    return changed if found else None


def _has_long(words: list[str]) -> bool:
    return any(len(word) >= _SHORTEST_CODE for word in words)


def _has_bytes(words: list[str]) -> bool:
    short = sum(len(word) <= _LONGEST_BYTE and not word.isalpha() for word in words)
    return short >= _MANY or _has_long(words)


def _has_bits(words: list[str]) -> bool:
    return any(len(word) >= _BITS and word[0] in "01" for word in words)


def _has_single(words: list[str]) -> bool:
    single = sum(len(word) == 1 for word in words)
    return single > _MANY or any(
        len(word) > _BITS // 2 and (word[1] == word[3] or word[2] == word[4]) for word in words
    )


_UNMASKED: tuple[tuple[str, Callable[[list[str]], bool], Callable[[str], str | None]], ...] = (
    ("look-alike letters", bool, _lookalikes),
    ("letters as digits", bool, _leet),
    ("split words", _has_single, _split),
    ("base64", _has_long, _base64),
    ("hexadecimal", _has_bytes, _hex),
    ("binary", _has_bits, _binary),
    ("escapes", bool, _escaped),
    ("rot13", bool, _rotated),
    ("reversed text", bool, _reversed),
)
