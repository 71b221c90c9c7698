"""Count n-grams of each language's frequent words for the language model."""

from __future__ import annotations

import importlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.language import PROGRAM, WORD, bucket, grams
from qwen_router.classify.train.data import TASKS, Rows

CODES = [
    "en",
    "es",
    "fr",
    "pt",
    "de",
    "it",
    "nl",
    "pl",
    "cs",
    "sk",
    "sl",
    "hr",
    "ro",
    "hu",
    "fi",
    "et",
    "sv",
    "da",
    "nb",
    "is",
    "lt",
    "lv",
    "tr",
    "vi",
    "id",
    "ms",
    "tl",
    "sw",
    "yo",
    "af",
    "ca",
    "ru",
    "uk",
    "bg",
    "mk",
    "ar",
    "fa",
    "ur",
    "hi",
]
LISTS = {"hr": "sh", "tl": "fil"}
BUCKETS = 1 << 14
WORDS = 20_000
SMOOTHING = 0.5
# Frequencies to this power: a short text is not made of the ten commonest words.
FLATTEN = 0.7
LIMIT = 5.0
LEVELS = 40


def fit(rows: Rows) -> tuple[NDArray[np.int8], float]:
    """Return the (buckets, languages) table of centred log probabilities, and its scale."""
    counts = np.zeros((BUCKETS, len(CODES)))
    for column, code in enumerate(CODES):
        for word, frequency in _words(code, rows).items():
            for gram in grams(word[:20]):
                counts[bucket(gram, BUCKETS), column] += frequency**FLATTEN
    counts *= 1e5 / counts.sum(axis=0)
    logs = np.log(counts + SMOOTHING) - np.log(counts.sum(axis=0) + SMOOTHING * BUCKETS)
    logs -= logs.mean(axis=1, keepdims=True)
    scale = LIMIT / LEVELS
    return np.clip(np.round(logs / scale), -LEVELS, LEVELS).astype(np.int8), scale


def _words(code: str, rows: Rows) -> dict[str, float]:
    lists = importlib.import_module("wordfreq")
    name = LISTS.get(code, code)
    if name in lists.available_languages("best"):
        return {word: lists.word_frequency(word, name) for word in lists.top_n_list(name, WORDS)}
    # Languages without a list (Swahili, Yoruba, Estonian, Afrikaans) are counted in the rows.
    found: Counter[str] = Counter()
    for text, language, task in zip(rows.texts, rows.languages, rows.tasks, strict=True):
        if language == code:
            prose = PROGRAM.sub("", text) if TASKS[task] == "code" else text
            found.update(WORD.findall(prose.lower()))
    return {word: count / found.total() for word, count in found.items()}
