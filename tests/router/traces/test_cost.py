"""What routing saved against always using the largest model that fits."""

import pytest
from conftest import GENERAL_LARGE, GENERAL_SMALL, Reply, make_router
from stored import GENERAL

from qwen_router import Hints, load_catalogue
from qwen_router.testing import FakeBackend
from qwen_router.traces import Pricing, TraceStore

CATALOGUE = load_catalogue()
SMALL, LARGE = CATALOGUE[GENERAL_SMALL], CATALOGUE[GENERAL_LARGE]


@pytest.fixture
def costs(tmp_path):
    """Return what the answers of a router cost."""
    path = tmp_path / "traces.sqlite"

    def priced(ask, replies=(), catalogue=CATALOGUE, **settings):
        backend = FakeBackend([GENERAL_SMALL, GENERAL_LARGE], replies)
        with make_router(backend, tmp_path, traces={"path": str(path)}, **settings) as router:
            ask(router)
        with TraceStore(path) as store:
            pricing = Pricing(store, catalogue)
            return [pricing.cost(row) for row in store.read()]

    return priced


def test_an_answer_of_a_small_model_is_weighed_against_the_largest(costs):
    small = {"prefer": "memory", "target_quality": 0.0}
    [cost] = costs(lambda router: router.invoke("hello", hints=GENERAL), ["one two"], sizing=small)
    assert cost.actual == 3 * SMALL.active_parameters
    assert cost.largest == 3 * LARGE.active_parameters


def test_rejected_answers_count_and_the_largest_model_needs_one(costs):
    replies = [Reply("```python\ndef f(:\n```"), Reply("```python\nx = 1\n```")]
    hints = Hints(task="code", model=GENERAL_LARGE, thinking=False)
    [cost] = costs(lambda router: router.invoke("Write it", hints=hints), replies)
    assert cost.actual > cost.largest > 0


def test_models_that_the_catalogue_does_not_hold_have_no_price(costs):
    assert costs(lambda router: router.invoke("hello", hints=GENERAL), catalogue={}) == [None]


def test_refusals_and_failures_cost_nothing(costs):
    def ask(router):
        router.invoke("x" * 100)
        with pytest.raises(Exception, match="empty"):
            router.invoke(" ")

    assert costs(ask, limits={"max_characters": 50}) == [None, None]
