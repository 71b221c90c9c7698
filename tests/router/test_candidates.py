"""Which models may serve a task."""

import pytest
from conftest import CODER, GENERAL_LARGE, make_router

from qwen_router import ConfigError, Hints, load_catalogue
from qwen_router.candidates import serving
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
