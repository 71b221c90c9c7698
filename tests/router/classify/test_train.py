"""The parts of the training that need neither data nor teacher."""

from __future__ import annotations

import random

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch")

from qwen_router.classify.train import difficulty, distil, heads, neutral
from qwen_router.classify.train.data import balance, misspell


def test_misspelling_is_seeded_and_keeps_what_is_no_letter() -> None:
    text = "Solve 3x + 12 = 48, please!"
    assert misspell(text, 0.5, random.Random(1)) == misspell(text, 0.5, random.Random(1)) != text
    assert misspell(text, 0.0, random.Random(1)) == text
    assert misspell("12 + 3 = 15", 1.0, random.Random(1)) == "12 + 3 = 15"


def test_balance_gives_tasks_the_same_weight() -> None:
    tasks = np.array([0, 0, 0, 1])
    weights = balance(tasks, 0.3)
    assert weights[:3].sum() == pytest.approx(weights[3])


def test_language_directions_are_projected_out() -> None:
    chance = np.random.default_rng(0)
    offset = {"en": 0.0, "fr": 3.0, "ja": -3.0}
    languages = np.array(["en", "fr", "ja"] * 30)
    vectors = chance.normal(size=(90, 6)).astype(np.float32)
    vectors[:, 2] += [offset[language] for language in languages.tolist()]
    found = neutral.directions(vectors, np.array(["one"] * 90), languages, 1)
    assert abs(found[2, 0]) > 0.9
    rest = neutral.without(vectors, found)
    means = [rest[languages == language].mean(axis=0) for language in offset]
    assert np.abs(np.array(means) - means[0]).max() < 1


def test_quantised_rows_stay_close() -> None:
    table = np.random.default_rng(0).normal(size=(50, 16)).astype(np.float32)
    rows, scales = distil.quantise(table, 31)
    assert np.abs(rows * scales.astype(np.float32)[:, None] - table).max() < np.abs(table).max() / 31


def test_a_head_learns_and_says_how_sure() -> None:
    features = np.array([[0.0], [1.0]] * 50, np.float32)
    head = heads.fit(features, np.eye(2)[[0, 1] * 50], np.ones(100), 1e-4)
    assert (heads.probabilities(head, features).argmax(axis=1) == [0, 1] * 50).all()


def test_apgr_is_half_by_chance_and_higher_for_an_oracle() -> None:
    chance = np.random.default_rng(0)
    weak, strong = chance.random(20_000) < 0.6, chance.random(20_000) < 0.8
    assert difficulty.apgr(chance.random(20_000), weak, strong) == pytest.approx(0.5, abs=0.1)
    oracle = strong.astype(float) - weak
    assert difficulty.apgr(oracle, weak, strong) > 1
    assert difficulty.calls_needed(difficulty.recovered(oracle, weak, strong), 0.5) < 0.2
