"""Word for word translations found in the teacher's own space, to write rows in other languages.

Nearest neighbours after each language's mean is taken out, with the correction for hubs of
Conneau et al. 2018 (CSLS, arXiv:1710.04087).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.train.vocabulary import script

LANGUAGES = [
    "es",
    "fr",
    "de",
    "it",
    "pt",
    "nl",
    "ru",
    "zh",
    "ja",
    "ko",
    "ar",
    "fa",
    "hi",
    "bn",
    "te",
    "ta",
    "th",
    "vi",
    "id",
    "tr",
    "pl",
    "sv",
    "cs",
    "uk",
    "he",
    "el",
    "fi",
    "hu",
    "ro",
    "tl",
    "ur",
]
LATIN = frozenset(["es", "fr", "de", "it", "pt", "nl", "vi", "id", "tr", "pl", "sv", "cs", "fi", "hu", "ro", "tl"])
SCRIPTS = {"th": "THAI", "te": "TELUGU", "bn": "BENGALI", "ta": "TAMIL", "he": "HEBREW", "el": "GREEK",
           "ko": "HANGUL", "hi": "DEVANAGARI"}  # fmt: skip
LISTS = {"tl": "fil", "hr": "sh"}
UNSPACED = frozenset({"zh", "ja", "th"})
ENGLISH_WORDS = 8000
WORDS = 4000
NEIGHBOURS = 10
LEAST_COSINE = 0.35


def words(language: str, vocabulary: Sequence[str], limit: int) -> NDArray[np.int64]:
    """Return the rows of a language's frequent words, most frequent first."""
    lists = importlib.import_module("wordfreq")
    row = {piece: index for index, piece in enumerate(vocabulary)}
    name = LISTS.get(language, language)
    found: list[int] = []
    if name in lists.available_languages("best"):
        listed = [word for word in lists.top_n_list(name, 12_000) if word in row]
        found = [row[word] for word in listed if len(word) > 1 or language == "en"][:limit]
    if language in SCRIPTS:
        known = set(found)
        own = [i for i, piece in enumerate(vocabulary) if len(piece) > 1 and script(piece) == SCRIPTS[language]]
        found += [index for index in own if index not in known][: limit - len(found)]
    if language == "en":
        return np.array(found)
    if language in LATIN:
        frequency = lists.word_frequency
        own = [i for i in found if frequency(vocabulary[i], name) > 2 * frequency(vocabulary[i], "en")]
    else:
        own = [i for i in found if not vocabulary[i].isascii()]
    return np.array(own)


def build(vocabulary: Sequence[str], vectors: NDArray[np.float32]) -> dict[str, NDArray[np.int64]]:
    """Return for every language a map from each row to the row of its translation, or to itself."""
    english = words("en", vocabulary, ENGLISH_WORDS)
    source = _centred(vectors[english])
    out = {}
    for language in LANGUAGES:
        own = words(language, vocabulary, WORDS)
        cosines = source @ _centred(vectors[own]).T
        hubs = np.sort(cosines, axis=0)[-NEIGHBOURS:].mean(axis=0)
        best = (2 * cosines - hubs).argmax(axis=1)
        close = cosines[np.arange(len(english)), best] > LEAST_COSINE
        mapping = np.arange(len(vectors))
        mapping[english[close]] = own[best[close]]
        out[language] = mapping
    return out


def salads(vocabulary: Sequence[str], chances: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return (language, text) pairs of random words: ordinary word use where no sentences are at hand."""
    out = []
    for language in LANGUAGES:
        own = words(language, vocabulary, WORDS)
        chance = np.random.default_rng(sum(map(ord, language)))
        p = np.array([chances.get(vocabulary[i], 1e-7) for i in own]) ** 0.75
        glue = "" if language in UNSPACED else " "
        for _ in range(110 if language in LATIN else 260):
            picked = chance.choice(own, chance.integers(3, 9), p=p / p.sum())
            out.append((language, glue.join(vocabulary[i] for i in picked)))
    return out


def _centred(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = vectors - vectors.mean(axis=0)
    normed: NDArray[np.float32] = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return normed
