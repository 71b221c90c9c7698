"""Finds telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qwen_router_plugins.guards.pii.entity import Entity, follows

# A run of digits and what people put between them; what it means is said by what follows.
_RUN = re.compile(
    r"(?<![\w.,/+$€£*^-])(?:\+ ?|\()?\(?\d[\d().\-/ \u00a0]{5,24}\d"
    r"(?P<extension> ?(?:x|ext\.? ?)\d{1,5})?(?![\w%]|[.,]\d)",
    re.ASCII,
)
# One separator between groups, or one with a bracket: `12 - 5` and `3 / 4` are sums.
_GAP = r"[ .\-/\u00a0]"
_WRITTEN = re.compile(rf"(?:\+ ?)?(?:\(\+?\d{{1,5}}\){_GAP}?\d+|\d+)(?:(?:{_GAP}? ?\(\d{{1,5}}\){_GAP}?|{_GAP})\d+)*")
_DATE = re.compile(
    r"(?:1[89]|20)\d\d([-./])\d{1,2}\1\d{1,2}(?: \d{1,2})?|\d{1,2}([-./])\d{1,2}\2(?:1[89]|20)\d\d"
    r"|(?:1[89]|20)\d\d[-/ ](?:1[89]|20)\d\d"
)
_DIGIT_ALONE = re.compile(r"(?<!\d)\d(?!\d)")
_WORDS = re.compile(
    r"(?i)(?<![^\W\d_])(?:tele?(?:phone|fon[eo]?|fax)?|phones?|mobile?s?|móvil|cell(?:phone|ular)?|celular|fax|desk"
    r"|handy(?:nummer)?|hotline|call(?: me| us)?|ring|dial|sms|text(?:ing)? (?:me|us|him|her|them)|messages? to"
    r"|whatsapp|signal|(?:telefon|ruf)nummer|anruf\w*|tél(?:éphone)?|teléfono|llama\w*|portable|cellulare|chiama\w*"
    r"|telemóvel|contact|reach me|телефон|тел)(?![^\W\d_])|电话|手机|電話|携帯|전화|फ़ोन|هاتف"
)
# https://en.wikipedia.org/wiki/North_American_Numbering_Plan: three groups, the first two not begun by 0 or 1.
_NORTH_AMERICAN = re.compile(r"(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}")
# The 0 before an area, in three groups or more or with a bracket.
_TRUNK = re.compile(r"\(0\d{1,4}\)[ \u00a0-]?\d[\d \u00a0-]{4,9}|0\d{1,4}(?:[ .\-/\u00a0]\d{2,4}){2,4}")
_LEAST, _MOST = 7, 15
"""Digits of a number: E.164 allows no more, and shorter ones are nobody's own."""


def find_phones(text: str, start: int, end: int) -> Iterator[Entity]:
    """Yield telephone numbers: international ones, those in a form that only they have, and those that a word tells."""
    for found in _RUN.finditer(text, start, end):
        first, last = found.span()
        number = text[first : found.start("extension") if found["extension"] else last]
        if number.startswith("(") and ")" not in number:
            first, number = first + 1, number[1:]
        digits = sum(map(str.isdigit, number))
        if not _LEAST <= digits <= _MOST or not _WRITTEN.fullmatch(number) or _DATE.fullmatch(number):
            continue
        if _is_phone(number, digits, text, first):
            yield Entity("PHONE", first, last)


def _is_phone(number: str, digits: int, text: str, start: int) -> bool:
    if number.startswith(("+", "00")):
        return _is_international("+" + number.lstrip("+ ").removeprefix("00"))
    if _NORTH_AMERICAN.fullmatch(number) or (_TRUNK.fullmatch(number) and digits >= 9):
        return True
    # A row of single digits is a list, whatever stands before it.
    return len(_DIGIT_ALONE.findall(number)) < 3 and follows(_WORDS, text, start)


def _is_international(number: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
