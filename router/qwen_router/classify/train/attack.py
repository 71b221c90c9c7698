"""Weigh the evidence of attacks: logistic regression that starts from, and is pulled back to, what the rules say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.attack import features
from qwen_router.classify.attack.score import KINDS
from qwen_router.classify.text import fold
from qwen_router.classify.train.data import ROUTING, SECURITY

RIDGE = 10.0
"""How hard weights are pulled back to the rules': a source alone must not unlearn what it has no example of."""
ROUTED = 0.1
"""What a request of the routing data weighs: none of them is an attack, and there are many."""
BENIGN_BIAS = 4.0
THRESHOLD = 0.4
"""What `security.attack_threshold` is by default: where few more attacks would be found for twice the false alarms."""
STEPS = 50
"""Most steps of Newton's method; about ten are taken."""
# Log odds of the combinations, as the rules have theirs.
COMBINED = {
    "asks for harm": ("harmful_request", 2.5),
    "means no harm": ("benign", 1.5),
    "several kinds of jailbreak": ("jailbreak", 1.0),
    "a freed self": ("jailbreak", 1.5),
    "several kinds of injection": ("prompt_injection", 0.5),
}
CLASSES = ("benign", *KINDS)
Matrix = NDArray[np.float64]


def rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of `security/dev.jsonl`."""
    return _read(folder / SECURITY)


def measure(texts: Sequence[str]) -> Matrix:
    """Return the (texts, evidence) features."""
    return np.array([features.measure(fold(text)) for text in texts], np.float64)


def classes(kinds: Sequence[str]) -> NDArray[np.int64]:
    """Return each kind's class; borderline requests are benign."""
    return np.array([CLASSES.index(kind) if kind in CLASSES else 0 for kind in kinds])


def fit(attacks: Matrix, kinds: NDArray[np.int64], routed: Matrix) -> tuple[Matrix, Matrix]:
    """Return the (evidence, classes) weights and the (classes,) bias.

    Args:
        attacks: (rows, evidence) of the security data, with their classes in `kinds`.
        routed: (rows, evidence) of requests that are no attacks.
    """
    x = np.vstack([attacks, routed])
    x = np.hstack([x, np.ones((len(x), 1))])
    y = np.eye(len(CLASSES))[np.r_[kinds, np.zeros(len(routed), np.int64)]]
    share = np.r_[np.ones(len(attacks)), np.full(len(routed), ROUTED)]
    start = np.vstack([_prior(), [BENIGN_BIAS, 0, 0, 0]])
    pull = np.full_like(start, RIDGE)
    pull[-1] /= 10
    weights = start
    for _ in range(STEPS):
        chances = _chances(x @ weights)
        slope = x.T @ ((chances - y) * share[:, None]) + pull * (weights - start)
        step = np.linalg.solve(_curve(x, chances, share, pull), slope.T.ravel())
        weights = weights - step.reshape(len(CLASSES), -1).T
        if np.abs(step).max() < 1e-8:
            break
    # Three places say all there is to say, and equal data gives equal bytes.
    weights = weights.round(3)
    return weights[:-1], weights[-1]


def _curve(x: Matrix, chances: Matrix, share: Matrix, pull: Matrix) -> Matrix:
    """Return the loss's second derivatives, class by class."""
    size = x.shape[1]
    curve = np.diag(pull.T.ravel())
    for row in range(len(CLASSES)):
        for column in range(len(CLASSES)):
            both = share * chances[:, row] * ((row == column) - chances[:, column])
            block = (x * both[:, None]).T @ x
            curve[row * size : (row + 1) * size, column * size : (column + 1) * size] += block
    return curve


def _prior() -> Matrix:
    told = {e.name: (e.kind, e.prior) for e in features.EVIDENCE} | COMBINED
    prior = np.zeros((len(features.NAMES), len(CLASSES)))
    for row, name in enumerate(features.NAMES):
        kind, weight = told[name]
        prior[row, CLASSES.index(kind)] = weight
    return prior


def held_out(folder: Path) -> Matrix:
    """Return each security row's score by weights that have not seen its source; a family counts as one source."""
    security, routing = rows(folder), _read(folder / ROUTING)
    x, routed = measure([row["text"] for row in security]), measure([row["text"] for row in routing])
    kinds = classes([row["kind"] for row in security])
    family = np.array([row["source"].split("-")[0] for row in security])
    routed_family = np.array([row["source"].split("-")[0] for row in routing])
    score = np.zeros(len(security))
    for out in np.unique(family):
        inside, kept = family != out, routed_family != out
        weights, bias = fit(x[inside], kinds[inside], routed[kept])
        score[~inside] = 1 - _chances(x[~inside] @ weights + bias)[:, 0]
    return score


def figures(score: Matrix, security: Sequence[dict[str, Any]], threshold: float = THRESHOLD) -> dict[str, float]:
    """Return F1, precision, recall and the false-positive rates of scores."""
    found, attack = score >= threshold, np.array([row["label"] == "attack" for row in security])
    kind = np.array([row["kind"] for row in security])
    hit = int((found & attack).sum())
    precision, recall = hit / max(1, int(found.sum())), hit / max(1, int(attack.sum()))
    return {
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        "precision": precision,
        "recall": recall,
        "benign_flagged": float(found[kind == "benign"].mean()),
        "borderline_flagged": float(found[kind == "borderline_benign"].mean()),
        **{f"recall_{name}": float(found[kind == name].mean()) for name in KINDS},
    }


def train(folder: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    """Return the artefact's arrays and metadata of the attack score."""
    security = rows(folder)
    x = measure([row["text"] for row in security])
    routed = measure([row["text"] for row in _read(folder / ROUTING)])
    weights, bias = fit(x, classes([row["kind"] for row in security]), routed)
    arrays = {"attack_weights": weights.astype(np.float32), "attack_bias": bias.astype(np.float32)}
    return arrays, {"evidence": list(features.NAMES), "attack_metrics": figures(held_out(folder), security)}


def _read(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _chances(logits: Matrix) -> Matrix:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return chances
