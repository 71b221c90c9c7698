"""Set temperatures, the mix of the stages and the threshold between them, on sources left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.train import heads
from qwen_router.classify.train.data import TASKS
from qwen_router.classify.train.sentences import Corpus

# The second stage costs 20 to 30 ms a call: this share of rows keeps the mean under 6 ms.
ASKED = 0.25
BLENDS = (0.5, 0.6, 0.7, 0.8, 0.9)
TEXT_TASKS = tuple(TASKS.index(task) for task in ("math", "code", "general"))


@dataclass(frozen=True)
class Settings:
    """What was settled, and the scores it was settled by."""

    first_temperature: float
    second_temperature: float
    blend: float
    sure: float
    metrics: dict[str, float]


def settle(corpus: Corpus, logits: Mapping[str, NDArray[np.float64]]) -> Settings:
    """Fit on the logits of rows whose source nothing had seen (``unseen.leave_out``)."""
    first, second = logits["first"], logits["second"]
    tasks = corpus.rows.tasks
    text = np.flatnonzero(np.isin(tasks, TEXT_TASKS))
    weights = source_weights(corpus, text)
    cool = heads.temperature(first[text], tasks[text], weights)
    second_cool = heads.temperature(second[text], tasks[text], weights)
    p, q = (_softmax(logits / t) for logits, t in ((first, cool), (second, second_cool)))
    likely = {blend: float(weights @ np.log(mixed(p, q, blend)[text, tasks[text]] + 1e-9)) for blend in BLENDS}
    blend = max(likely, key=lambda each: likely[each])
    both = mixed(p, q, blend)
    sure = round(float(np.quantile(p[text].max(axis=1), ASKED)), 3)
    asked = p.max(axis=1) < sure
    metrics = {
        "unseen_source_first": float(weights @ (p[text].argmax(axis=1) == tasks[text])),
        "unseen_source_second": float(weights @ (q[text].argmax(axis=1) == tasks[text])),
        "unseen_source_both": float(weights @ (np.where(asked[:, None], both, p)[text].argmax(axis=1) == tasks[text])),
    }
    return Settings(cool, second_cool, blend, sure, {name: round(value, 4) for name, value in metrics.items()})


def mixed(p: NDArray[np.float64], q: NDArray[np.float64], blend: float) -> NDArray[np.float64]:
    """Return the normalised geometric mixture, ``blend`` of the second stage."""
    return _softmax(blend * np.log(q + 1e-9) + (1 - blend) * np.log(p + 1e-9))


def source_weights(corpus: Corpus, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return weights that sum to one, under which tasks weigh the same, and a task's sources too."""
    groups = corpus.groups[rows].tolist()
    counts = Counter(groups)
    sources = Counter(group.rsplit("/", 1)[1] for group in counts)
    weights = np.array([1 / counts[g] / sources[g.rsplit("/", 1)[1]] for g in groups])
    total: NDArray[np.float64] = weights / weights.sum()
    return total


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares
