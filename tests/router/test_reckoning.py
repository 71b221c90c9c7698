"""Candidates are reckoned once for requests that are alike, and anew when anything has changed."""

import pytest
from conftest import GENERAL_LARGE, GENERAL_SMALL, make_router

from qwen_router import Classification, Hints, Offer, Request, Sampling
from qwen_router.backend import ModelFiles, WeightSource
from qwen_router.candidates import list_candidates
from qwen_router.testing import FakeBackend
from qwen_router_plugins.specialists.qwen3 import Qwen3


class Local(FakeBackend):
    """Fakes that are loaded here."""

    quants = ("q4_k_m",)

    def offers(self, model, settings, resources):
        return [Offer(precision=q, format="gguf", quant=q) for q in self.quants if model.id in self.models]


class Shelf(WeightSource):
    """Has the file of every model while it is there."""

    name = "shelf"

    def __init__(self, file):
        self.file = file

    def find(self, model, offer, settings):
        return ModelFiles(path=self.file, format="gguf", source=self.name) if self.file.exists() else None

    def size(self, model, offer, settings):
        return None

    def fetch(self, model, offer, settings, progress):
        raise NotImplementedError


@pytest.fixture
def backend():
    return Local([GENERAL_SMALL, GENERAL_LARGE])


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "model.gguf"
    made.touch()
    return made


@pytest.fixture
def router(backend, tmp_path, file):
    with make_router(backend, tmp_path) as made:
        made._services.weights._sources = (Shelf(file),)
        yield made


def listed(router, text="hello", language="en", difficulty=0.05, **fields):
    request = Request.of(text, **fields)
    classification = Classification(scores={"general": 1.0}, task="general", difficulty=difficulty, language=language)
    return list_candidates(router._services, Qwen3(), request, classification)


def same(first, second):
    return [a is b for a, b in zip(first, second, strict=True)]


def test_requests_that_are_alike_find_the_very_same_candidates(router):
    first = listed(router)
    assert len(first) == 2
    assert all(same(first, listed(router, "something else", user="ada")))


def test_a_request_that_differs_finds_its_own_and_the_first_is_still_there(router):
    first = listed(router)
    other = listed(router, hints=Hints(thinking=True))
    assert [c.thinking for c in other] == [True, True]
    assert listed(router, sampling=Sampling(max_new_tokens=20_000))[0].context == 32768
    assert all(same(first, listed(router)))


def test_what_becomes_of_one_model_is_seen_and_the_others_stay(router):
    first = listed(router)
    answered = first[0]
    router._services.track_record.answered(answered, 1000, 10.0)
    second = listed(router)
    assert same(first, second) == [False, True]
    assert second[0].tokens_per_second == 100.0


def test_a_file_that_goes_is_seen_at_once(router, file):
    assert all(c.on_disk for c in listed(router))
    file.unlink()
    assert not any(c.on_disk for c in listed(router))


def test_a_loaded_model_is_seen_as_warm(router):
    first = listed(router)
    with router._services.pool.lease(first[0]):
        second = listed(router)
    assert [c.warm for c in second] == [True, False]
    assert second[0].load_seconds == 0.0


def test_what_a_backend_offers_anew_is_seen(router, backend):
    assert len(listed(router)) == 2
    backend.quants = ("q4_k_m", "q8_0")
    assert [c.precision for c in listed(router)] == ["q4_k_m", "q8_0"] * 2
