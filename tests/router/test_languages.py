"""Answers in the language of the request, or in those that are asked for."""

import pytest
from conftest import GENERAL_LARGE, make_router

from qwen_router import Hints, InputError, speaks_of_language
from qwen_router.testing import FakeBackend, Reply

SPANISH = "¿Cuál es la capital de Australia y cuántas personas viven allí?"
GENERAL = Hints(task="general")


@pytest.fixture
def backend():
    return FakeBackend([GENERAL_LARGE])


def systems(backend):
    return ["".join(m.text for m in call.messages if m.type == "system") for call in backend.calls]


def test_a_request_in_another_language_says_which(backend, tmp_path):
    backend.replies.append(Reply("Es Canberra."))
    with make_router(backend, tmp_path) as router:
        router.invoke(SPANISH, hints=GENERAL)
        router.invoke("What is the capital of Australia?", hints=GENERAL)
        router.invoke("¿Cómo se dice faro en alemán?", hints=GENERAL)
    assert systems(backend) == ["Answer in Spanish.", "", ""]


def test_each_language_asked_for_is_a_section(backend, tmp_path):
    backend.replies.extend([Reply("Canberra it is."), Reply("是堪培拉。"), Reply("Es Canberra.")])
    with make_router(backend, tmp_path, router={"max_concurrency": 1}) as router:
        *chunks, answer = router.stream("What is the capital?", hints=GENERAL, languages=("en", "zh", "es"))
    assert [line for line in answer.text.splitlines() if line.startswith("#")] == [
        "### English",
        "### 中文",
        "### Español",
    ]
    assert "".join(c.text for c in chunks) == answer.text
    assert sorted(systems(backend)) == ["Answer in Chinese.", "Answer in English.", "Answer in Spanish."]


def test_one_language_asked_for_needs_no_heading(backend, tmp_path):
    backend.replies.append(Reply("Es Canberra."))
    with make_router(backend, tmp_path) as router:
        answer = router.invoke("What is the capital?", hints=GENERAL, languages=("es",))
    assert answer.text == "Es Canberra."
    assert systems(backend) == ["Answer in Spanish."]


def test_explain_shows_a_step_a_language(backend, tmp_path):
    with make_router(backend, tmp_path) as router:
        decision = router.explain("What is the capital?", languages=("de", "fr"))
    assert [s.language for s in decision.plan.steps] == ["de", "fr"]


@pytest.mark.parametrize(("languages", "said"), [(("xx",), "unknown"), (("en", "de", "fr"), "3 languages")])
def test_what_cant_be_answered_is_told_in_one_line(backend, tmp_path, languages, said):
    with make_router(backend, tmp_path, router={"max_steps": 2}) as router, pytest.raises(InputError, match=said):
        router.invoke("What is the capital?", languages=languages)


def test_naming_a_language_is_noticed():
    assert speaks_of_language("Write it in French")
    assert speaks_of_language("用英文写")
    assert not speaks_of_language("Write a poem about a lighthouse")
