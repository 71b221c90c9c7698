"""Tells the language of a text: script first, then function words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_SCRIPTS = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "CYRILLIC": "ru", "ARABIC": "ar", "HEBREW": "he",
    "THAI": "th", "DEVANAGARI": "hi", "BENGALI": "bn", "TELUGU": "te", "TAMIL": "ta", "GREEK": "el",
}  # fmt: skip
_WORDS = {
    "en": "the of and to in is what how with for a an i you this that my me can",
    "es": "el la los de que y en un una por con para cómo qué es las del se",
    "fr": "le la les des de et un une est que qui dans pour avec comment quel du",
    "de": "der die das und ist ein eine wie zu den mit von für nicht auf wird",
    "pt": "o os as de que e um uma para com não como é em do da",
    "it": "il lo gli di che e un una per con come è del della sono nel",
    "nl": "de het een en van is dat op te voor met hoe niet zijn",
    "id": "yang dan di untuk dengan apa ini itu dari bagaimana adalah",
    "vi": "của và là một các cho trong như thế nào không được có",
    "tr": "bir ve bu için ile nasıl ne mi çok olan da de",
    "sw": "na ya wa kwa ni katika kama ana je ngapi za la",
}
_FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}


def language_of(text: str) -> str:
    """Return a BCP 47 tag; `und` when neither the script nor a word tells."""
    sample = text[:600]
    scripts = Counter(
        script
        for char in sample
        if char.isalpha() and (script := _SCRIPTS.get(unicodedata.name(char, "").split(" ")[0].split("-")[0]))
    )
    letters = sum(char.isalpha() for char in sample)
    if scripts and sum(scripts.values()) > 0.2 * letters:
        # Japanese is written with Han characters too; kana give it away.
        return "ja" if scripts["ja"] else scripts.most_common(1)[0][0]
    words = re.findall(r"[^\W\d_]+", sample.lower())
    hits = {language: sum(word in known for word in words) for language, known in _FUNCTION_WORDS.items()}
    best = max(hits, key=lambda language: hits[language])
    return best if hits[best] else "und"
