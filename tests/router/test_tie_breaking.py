import pytest
from conftest import GENERAL_LARGE, GENERAL_SMALL, make_router

from qwen_router import BackendError, Hints
from qwen_router.testing import FakeBackend, Reply

UNSURE = {"min_confidence": 1.0}


@pytest.fixture
def small():
    return FakeBackend([GENERAL_SMALL, GENERAL_LARGE, "Qwen/Qwen2.5-Coder-7B-Instruct"])


def asked(backend):
    return [c for c in backend.calls if "Say which kind" in c.messages[0].text]


def test_nobody_is_asked_by_default(small, tmp_path):
    with make_router(small, tmp_path, router=UNSURE) as router:
        router.batch(["Write a Python function", "Write a Python function"])
        assert asked(small) == []


def test_the_loaded_model_decides_with_one_constrained_word(small, tmp_path):
    small.replies.extend([Reply("warm"), Reply('"code"'), Reply("done")])
    with make_router(small, tmp_path, router={**UNSURE, "tie_breaker": "model"}) as router:
        router.invoke("hello", hints=Hints(model=GENERAL_SMALL, task="general"))
        answer = router.invoke("Write a Python function")
    assert answer.decision.classification.task == "code"
    assert answer.decision.classification.reasons[0].signal == "Qwen3-0.6B was asked"
    (question,) = asked(small)
    assert question.options["json_schema"] == {"enum": ["math", "code", "general"]}
    assert question.options["temperature"] == 0.0


def test_without_a_loaded_model_the_request_is_general(small, tmp_path):
    with make_router(small, tmp_path, router={**UNSURE, "tie_breaker": "model"}) as router:
        assert router.invoke("Write a Python function").decision.classification.task == "general"
    assert asked(small) == []


@pytest.mark.parametrize("reply", [Reply("no idea"), Reply('"law"'), Reply(error=BackendError("fell over"))])
def test_a_tie_breaker_that_fails_blocks_nothing(small, tmp_path, reply):
    small.replies.extend([Reply("warm"), reply, Reply("done")])
    with make_router(small, tmp_path, router={**UNSURE, "tie_breaker": "model"}) as router:
        router.invoke("hello", hints=Hints(model=GENERAL_SMALL, task="general"))
        answer = router.invoke("Write a Python function")
    assert answer.text == "done"
    assert answer.decision.classification.task == "general"
