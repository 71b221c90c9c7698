"""What the difficulty is read from, and that it orders what anyone can order."""

from __future__ import annotations

import numpy as np
import pytest

from qwen_router.classify import Classifier, hardness
from qwen_router.classify.signals import SIGNALS

EASY = [
    "What is 7 times 8?",
    "Was ist 12 mal 7?",
    "计算 3 + 5",
]
HARD = [
    "Find the number of ordered triples $(a,b,c)$ of positive integers with $a+b+c=2024$ and $\\gcd(a,b,c)=1$.",
    "Sea $P(x)$ un polinomio con coeficientes enteros tal que $P(a)=P(b)=P(c)=1$ para enteros distintos $a,b,c$. "
    "Demuestra que $P(n)=0$ no tiene soluciones enteras.",
]


def test_one_text_and_many_have_the_same_features() -> None:
    seen = np.random.default_rng(0).random((3, 8 + len(SIGNALS))).astype(np.float32)
    seen[0, hardness.LISTED] = 0
    pieces, math, code = np.ones((3, 1)), np.full((3, 1), 0.75), np.full((3, 1), 0.25)
    many = hardness.features(seen, pieces, math, code)
    assert many.shape == (3, 4 * (seen.shape[1] + 2))
    for row, one in enumerate(seen):
        assert (hardness.features(one, pieces[row], math[row], code[row]) == many[row]).all()


def test_maths_with_choices_has_weights_of_its_own() -> None:
    seen = np.ones((2, 8 + len(SIGNALS)), np.float32)
    seen[0, hardness.LISTED] = 0
    gates = hardness.features(seen, np.ones((2, 1)), np.full((2, 1), 0.5), np.zeros((2, 1)))
    size = gates.shape[1] // 4
    assert gates[:, ::size].tolist() == [[1, 0, 0.5, 0], [1, 0.5, 0, 0]]


@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("easy", EASY)
def test_hard_maths_is_harder_than_easy_maths(easy: str, hard: str) -> None:
    classifier = Classifier(stages=1)
    assert classifier.classify_text(hard).difficulty > classifier.classify_text(easy).difficulty + 0.03
