"""From a text to the evidence in it."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.attack.abuse import ABUSE
from qwen_router.classify.attack.evidence import Evidence
from qwen_router.classify.attack.harm import HARM
from qwen_router.classify.attack.injection import INJECTION
from qwen_router.classify.attack.jailbreak import JAILBREAK
from qwen_router.classify.attack.meaning import ASKING, CONTEXT
from qwen_router.classify.text import tokens

EVIDENCE: tuple[Evidence, ...] = (*INJECTION, *JAILBREAK, *HARM, *ABUSE)
COMBINED = (
    "asks for harm",
    "means no harm",
    "several kinds of jailbreak",
    "a freed self",
    "several kinds of injection",
)
NAMES: tuple[str, ...] = (*(e.name for e in EVIDENCE), *COMBINED)
Vector = NDArray[np.float32]

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_MENTIONS = re.compile(
    r"\b(?:translat\w+|what does|meaning of|mean by|explain (?:the|this|what|why)|proofread|quote|phrase|spell\w*|grammar)\b"
)
_QUOTED = re.compile(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|`[^`\n]{1,300}`|«[^»\n]{1,300}»")
# Told by a person who works with words, these say little: a model is often named and often told how to begin.
_WEAK = frozenset(("talks of the model it was made from", "says how to begin"))
_BONDS = [row for row, e in enumerate(EVIDENCE) if e in JAILBREAK and e.name not in _WEAK]
_INJECTIONS = [row for row, e in enumerate(EVIDENCE) if e in INJECTION]
_HARMS = [row for row, e in enumerate(EVIDENCE) if e in HARM or e in ABUSE]
_ROW = {name: row for row, name in enumerate(NAMES)}


def measure(folded: str) -> Vector:
    """Return how much of each piece of evidence a folded text holds, in the order of `NAMES`."""
    if _MENTIONS.search(folded):
        # What is quoted to be talked about isn't said.
        folded = _QUOTED.sub(" ", folded)
    words = frozenset(tokens(folded))
    counts = np.array([e.found(folded, words) for e in EVIDENCE] + [0.0] * len(COMBINED), np.float32)
    if counts[_HARMS].any():
        asked, harmless = _asked(folded)
        counts[_ROW["asks for harm"]] = asked
        counts[_ROW["means no harm"]] = harmless
    bonds, injections = np.count_nonzero(counts[_BONDS]), np.count_nonzero(counts[_INJECTIONS])
    counts[_ROW["several kinds of jailbreak"]] = max(0.0, float(bonds) - 1)
    counts[_ROW["several kinds of injection"]] = max(0.0, float(injections) - 1)
    freed = counts[_ROW["is freed of its rules"]] or counts[_ROW["may not refuse"]]
    counts[_ROW["a freed self"]] = bool(counts[_ROW["becomes somebody else"]] and freed)
    return counts


def _asked(folded: str) -> tuple[float, float]:
    """Return how much harm is asked for, sentence by sentence, and whether some of it is meant harmlessly."""
    asked = harmless = 0.0
    for sentence in _SENTENCE.findall(folded):
        words = frozenset(tokens(sentence))
        harms = sum(e.found(sentence, words) > 0 for e in (*HARM, *ABUSE))
        if not harms:
            continue
        if any(e.found(sentence, words) for e in CONTEXT):
            harmless = 1.0
        elif ASKING.found(sentence, words):
            asked = max(asked, min(harms, 2))
    return asked, harmless
