"""A decision says all it rests on: it can be made again without the request, the machine or a model."""

import pytest
from conftest import GENERAL_LARGE, GENERAL_SMALL, make_router

from qwen_router import Hints, Request, Router, Sampling, estimated_tokens
from qwen_router.testing import AllWeights, FakeBackend


def request_like(choice, shape):
    """Return a request of as many tokens, with the same deadline."""
    room = choice.tokens - estimated_tokens(Request.of(""), 0)
    return Request.of("abc" * room, deadline=shape.deadline)


def again(router, decision, **changed):
    """Ask the sizing policy anew, with what the decision holds alone."""
    settings = router.settings.model_copy(
        update={"sizing": router.settings.sizing.model_copy(update=changed)} if changed else {}
    )
    choice = decision.choices["1"]
    free = {"rejected": None, "usable": True}
    return router._services.manager.hook.size(
        candidates=[c if c.barred else c.model_copy(update=free) for c in choice.candidates],
        classification=decision.classification,
        request=request_like(choice, decision.request),
        resources=choice.resources,
        settings=settings,
    )


@pytest.fixture
def machine(tmp_path):
    """A router that believes to have the files of every model."""
    weights = {"sources": ["all"], "cache": str(tmp_path)}
    off = {"openai_api": {"enabled": False}}
    with Router.from_config(plugins=[AllWeights()], weights=weights, backends=off) as made:
        yield made


@pytest.mark.parametrize(
    "text", ["Name three rivers.", "Prove Fermat's last theorem. " * 400, "Write a parser in Rust"]
)
def test_the_same_policy_makes_the_same_choice(machine, text):
    decision = machine.explain(text, deadline=60.0)
    first, second = decision.choices["1"], again(machine, decision)
    assert second.winner == first.winner
    assert second.reason == first.reason
    assert second.candidates == first.candidates


def test_another_policy_makes_another(machine):
    decision = machine.explain("Name three rivers.")
    assert again(machine, decision, prefer="memory").winner.memory_bytes < decision.choices["1"].winner.memory_bytes


def test_what_was_barred_before_any_policy_stays_out(tmp_path):
    backend = FakeBackend([GENERAL_SMALL, GENERAL_LARGE])
    with make_router(backend, tmp_path) as router:
        backend.load_error = MemoryError("broken")
        with pytest.raises(Exception, match="broken"):
            router.invoke("hello", hints=Hints(task="general", thinking=False))
        decision = router.explain("hello", hints=Hints(task="general", thinking=False))
        [barred] = [c for c in decision.choices["1"].candidates if c.barred]
        assert barred.rejected
        assert again(router, decision).winner.model != barred.model


def test_the_shape_of_a_request_says_what_was_asked_for_and_not_what_was_said(machine):
    hints = Hints(task="math", thinking=False, thinking_budget=7)
    decision = machine.explain(
        "Compute it. /no_think",
        hints=hints,
        user="ada",
        deadline=9.0,
        sampling=Sampling(max_new_tokens=5),
        json_schema={},
    )
    shape = decision.request
    assert (shape.user, shape.turns, shape.task, shape.thinking, shape.thinking_budget) == ("ada", 1, "math", False, 7)
    assert (shape.switch, shape.deadline, shape.max_new_tokens, shape.structured) == (False, 9.0, 5, True)
    assert shape.tokens == decision.choices["1"].tokens
    assert "Compute" not in shape.model_dump_json()
