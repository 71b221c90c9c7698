"""The training rows, their weights and their distortions."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TASKS = ("math", "code", "vision", "audio", "general")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ROUTING = "routing/train.jsonl"
SECURITY = "security/dev.jsonl"
MMLU = "difficulty/mmlu.jsonl.gz"


@dataclass(frozen=True)
class Rows:
    """Columns of the routing rows."""

    texts: list[str]
    tasks: NDArray[np.int64]
    sources: NDArray[np.str_]
    languages: NDArray[np.str_]


def routing(folder: Path, name: str = ROUTING) -> Rows:
    """Read routing rows."""
    rows = [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
    return Rows(
        [row["text"] for row in rows],
        np.array([TASKS.index(row["task"]) for row in rows]),
        np.array([row["source"] for row in rows]),
        np.array([row["language"] for row in rows]),
    )


def mmlu(folder: Path) -> list[dict[str, Any]]:
    """Read the prompts with the right/wrong of a weak and a strong model."""
    with gzip.open(folder / MMLU, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [{**row, "text": row["text"].removesuffix("\nAnswer:")} for row in rows]


def levelled(folder: Path, sources: Collection[str]) -> list[dict[str, Any]]:
    """Read the routing rows of these sources, for their ``difficulty``: easy, hard, or between (``None``)."""
    rows = [json.loads(line) for line in (folder / ROUTING).read_text("utf-8").splitlines()]
    return [row for row in rows if row["source"] in sources]


def hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file trained on."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (ROUTING, MMLU, SECURITY)}


def balance(tasks: NDArray[np.int64], quiet: float) -> NDArray[np.float64]:
    """Return row weights under which tasks weigh the same, but vision and audio ``quiet`` times that.

    Without an attachment a short question about a picture looks like any other short
    question, so these rows must not claim such questions.
    """
    counts = Counter(tasks.tolist())
    share = {task: quiet if TASKS[task] in ("vision", "audio") else 1.0 for task in counts}
    return np.array([share[task] / counts[task] for task in tasks.tolist()]) * len(tasks) / len(counts)


def misspell(text: str, rate: float, chance: random.Random) -> str:
    """Drop, replace, double or swap letters, each with probability ``rate``."""
    out: list[str] = []
    for char in text:
        if not char.isalpha() or chance.random() >= rate:
            out.append(char)
            continue
        kind = chance.randrange(4)
        other = chance.choice(LETTERS) if char.isascii() else char
        if kind == 1:
            out.append(other)
        elif kind == 2:
            out += [char, other]
        elif kind == 3:
            out.insert(max(0, len(out) - 1), char)
    return "".join(out)
