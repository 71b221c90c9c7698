"""Which models may serve a task."""

import pytest
from conftest import CODER, GENERAL_LARGE, make_router

from qwen_router import (
    Classification,
    ConfigError,
    Hints,
    Offer,
    Request,
    Router,
    Sampling,
    hookimpl,
    load_catalogue,
)
from qwen_router.candidates import list_candidates
from qwen_router.serving import serving
from qwen_router.testing import FakeBackend
from qwen_router_plugins.specialists.qwen3 import Qwen3
from qwen_router_plugins.specialists.qwen_coder import QwenCoder


def test_the_ladder_then_what_the_rows_assign_then_the_stand_ins():
    catalogue = load_catalogue({"me/coder": {"like": CODER, "tasks": ["code"]}})
    found = list(serving(catalogue, QwenCoder()))
    own = [model.id for model, is_own in found if is_own]
    assert own == [*QwenCoder.ladder, "me/coder"]
    assert [model.id for model, is_own in found if not is_own] == [
        name for name in QwenCoder.stand_ins if name not in own
    ]


def test_a_stand_in_that_its_row_assigns_to_the_task_is_one_of_its_own():
    name = QwenCoder.stand_ins[0]
    catalogue = load_catalogue({name: {"tasks": ["code"]}})
    assert [own for model, own in serving(catalogue, QwenCoder()) if model.id == name] == [True]


def test_the_operators_model_is_chosen_for_its_task(backend, tmp_path):
    backend.models = frozenset({"me/coder", GENERAL_LARGE})
    rows = {"me/coder": {"like": CODER, "tasks": ["code"]}}
    with make_router(backend, tmp_path, catalogue=rows) as router:
        decision = router.explain("Write a Python function", hints=Hints(task="code"))
        assert decision.choices["1"].winner.model == "me/coder"
        assert decision.choices["1"].winner.own
        assert "me/coder" in {row.model for row in router.models("code")}
        assert "me/coder" not in {row.model for row in router.models("math")}


def test_a_task_nobody_serves_is_refused_at_the_start(backend, tmp_path):
    with pytest.raises(ConfigError, match=r"tasks names 'law', .* Tasks: audio, code, general, math, vision\."):
        make_router(backend, tmp_path, catalogue={CODER: {"tasks": ["law"]}})


INSTRUCT, THINKING = "Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen3-4B-Thinking-2507"
EASY, HARD = 0.05, 0.9


class Difficulty:
    def __init__(self, value):
        self.value = value

    @hookimpl
    def classify(self, classification):
        return classification.model_copy(update={"difficulty": self.value, "task": "general"})


def choose(tmp_path, models, *, difficulty=EASY, hints=None, text="hello", **overrides):
    """Return the choice for a general request among models that a server has."""
    backend = FakeBackend(models)
    settings = make_router(backend, tmp_path, **overrides).settings
    with Router(settings, plugins=[backend, Difficulty(difficulty)]) as router:
        return router.explain(text, hints=hints or Hints()).choices["1"]


@pytest.mark.parametrize(
    ("difficulty", "hint", "model"),
    [
        (EASY, None, INSTRUCT),
        (HARD, None, THINKING),
        (EASY, True, THINKING),
        (HARD, True, THINKING),
        (EASY, False, INSTRUCT),
        (HARD, False, INSTRUCT),
    ],
)
@pytest.mark.parametrize("models", [(INSTRUCT, THINKING), (THINKING, INSTRUCT)])
def test_where_the_family_ships_two_models_one_is_chosen_instead_of_switched(tmp_path, difficulty, hint, model, models):
    choice = choose(tmp_path, models, difficulty=difficulty, hints=Hints(thinking=hint))
    assert choice.winner.model == model
    assert choice.winner.thinking is (model == THINKING)
    assert all(c.rejected for c in choice.candidates if c.model != model)


@pytest.mark.parametrize("text", ["Why? /think", "Why? /no_think"])
def test_a_soft_switch_chooses_between_them_too(tmp_path, text):
    winner = choose(tmp_path, (INSTRUCT, THINKING), difficulty=HARD if "no" in text else EASY, text=text).winner
    assert winner.thinking is (text == "Why? /think")


@pytest.mark.parametrize(("models", "hint"), [([INSTRUCT], True), ([THINKING], False)])
def test_what_cannot_be_had_does_not_fail_the_request(tmp_path, models, hint):
    assert choose(tmp_path, models, hints=Hints(thinking=hint)).winner.model == models[0]


def test_a_model_that_thinks_uncalled_thinks_as_briefly_as_it_may(tmp_path):
    winner = choose(tmp_path, [THINKING]).winner
    assert (winner.overthinks, winner.thinking_budget) == (True, 1024)


class Local(FakeBackend):
    """Fakes that are loaded here, with a context of their own."""

    def offers(self, model, settings, resources):
        return [Offer(precision="q4_k_m", format="gguf", device="cpu")] if model.id in self.models else []


def local(tmp_path, *, budget, tokens):
    """Return the candidate of a model in this process."""
    request = Request.of(
        "hello",
        hints=Hints(thinking=budget is not None, thinking_budget=budget),
        sampling=Sampling(max_new_tokens=tokens),
    )
    classification = Classification(scores={"general": 1.0}, task="general", difficulty=EASY)
    with make_router(Local([GENERAL_LARGE]), tmp_path) as router:
        (found,) = list_candidates(router._services, Qwen3(), request, classification)
    return found


@pytest.mark.parametrize(("budget", "context"), [(None, 8192), (4000, 8192), (7000, 16384), (20_000, 32768)])
def test_the_context_has_room_for_the_prompt_the_thought_and_the_answer(tmp_path, budget, context):
    found = local(tmp_path, budget=budget, tokens=2000)
    assert (found.context, found.thinking_budget) == (context, budget or 0)


def test_where_the_context_is_too_short_for_both_the_answer_keeps_its_room(tmp_path):
    most = load_catalogue()[GENERAL_LARGE].context
    found = local(tmp_path, budget=10 * most, tokens=2000)
    assert found.context == most
    assert most - 2100 < found.thinking_budget < most - 2000
