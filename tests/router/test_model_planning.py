"""The model planner: what it is asked, what of its plans is used, and that the rules stand in for it."""

import json
import logging

import pytest
from conftest import GENERAL_LARGE, make_router

from qwen_router import BackendError, Hints
from qwen_router.testing import Reply

# No list and no "then": the rules see one task.
TEXT = "I need the solution of the equation 3x + 5 = 20 plus a Python function that reverses a list."
LISTED = "1. Solve the equation 3x + 5 = 20. 2. Write a Python function that reverses a list."
SOLVE, WRITE = "the solution of the equation 3x + 5 = 20", "a Python function that reverses a list."
PLANNER = {"planner": "model"}


def part(prompt, task, *needs):
    return {"prompt": prompt, "task": task, "needs": needs}


def said(*parts):
    return Reply(json.dumps({"steps": parts}))


def asked(backend):
    return [c for c in backend.calls if "Split the user's request" in c.messages[0].text]


def test_the_general_model_plans_in_constrained_json(backend, tmp_path):
    backend.replies.extend([said(part(SOLVE, "math"), part(WRITE, "code", 1)), Reply("x is 5"), Reply("done")])
    with make_router(backend, tmp_path, router=PLANNER) as router:
        answer = router.invoke(TEXT)
    assert [(s.task, s.prompt, s.needs) for s in answer.decision.plan.steps] == [
        ("math", SOLVE, ()),
        ("code", WRITE, ("1",)),
    ]
    (question,) = asked(backend)
    assert question.model == GENERAL_LARGE
    assert question.options["temperature"] == 0.0
    assert question.options["thinking"] is False
    steps = question.options["json_schema"]["properties"]["steps"]
    assert steps["maxItems"] == 6
    # Nothing is attached that the others could read.
    assert steps["items"]["properties"]["task"]["enum"] == ["math", "code", "general"]


def test_nobody_is_asked_by_default(router, backend):
    router.invoke(TEXT)
    assert asked(backend) == []


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("What is the capital of France?", {}),
        (TEXT, {"hints": Hints(task="math")}),
        (TEXT, {"json_schema": {"type": "object"}}),
        (TEXT + " word" * 2000, {}),
    ],
)
def test_what_can_not_be_split_is_not_asked_about(backend, tmp_path, text, fields):
    with make_router(backend, tmp_path, router=PLANNER) as router:
        router.invoke(text, **fields)
    assert asked(backend) == []


def test_explain_asks_no_model(backend, tmp_path):
    with make_router(backend, tmp_path, router=PLANNER) as router:
        assert len(router.explain(LISTED).plan.steps) == 2
    assert backend.calls == []


@pytest.mark.parametrize(
    "parts",
    [
        [part(LISTED, "math")],
        [part("Solve the equation 3x + 5 = 20.", "code"), part("Write a Python function", "code")],
    ],
)
def test_one_task_is_never_split(backend, tmp_path, parts):
    backend.replies.extend([said(*parts), Reply("done")])
    with make_router(backend, tmp_path, router=PLANNER) as router:
        answer = router.invoke(LISTED)
    (step,) = answer.decision.plan.steps
    assert (step.prompt, step.task) == (LISTED, answer.decision.classification.task)
    assert answer.text == "done"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply("I would say"), "in the JSON that it was asked for"),
        (Reply('{"steps": [{"prompt": "Solve the equ', finish_reason="length"), "in the JSON that it was asked for"),
        (Reply('{"steps": []}'), "in the JSON that it was asked for"),
        (Reply('{"steps": [{"prompt": "x"}]}'), "in the JSON that it was asked for"),
        (said(part("", "math"), part(WRITE, "code")), "in the JSON that it was asked for"),
        (said(part(" ", "math"), part(WRITE, "code")), "step 1 asks for nothing"),
        (said(part(SOLVE, "law"), part(WRITE, "code")), "the task 'law', which no specialist serves"),
        (said(part(SOLVE, "vision"), part(WRITE, "code")), "the task 'vision', which no specialist serves"),
        (said(part(SOLVE, "math", 2), part(WRITE, "code", 1)), "in a circle: 1 needs 2 needs 1"),
        (said(part(SOLVE, "math", 5), part(WRITE, "code")), "needs the step 5, which isn't there"),
        (said(*[part(SOLVE, "math"), part(WRITE, "code")] * 4), "has 8 steps"),
        (
            said(part("Solve the equation", "math"), part("Bake a chocolate cake", "general")),
            "doesn't say what step 2 does",
        ),
        (said(part("Solve", "math"), part("Write", "code")), "leaves out much of the request"),
        (Reply(error=BackendError("fell over")), "BackendError"),
    ],
)
def test_the_rules_plan_where_the_models_plan_can_not_be_used(backend, tmp_path, caplog, reply, why):
    caplog.set_level(logging.INFO, "qwen_router.model_planning")
    backend.replies.append(reply)
    with make_router(backend, tmp_path, router=PLANNER) as router:
        answer = router.invoke(LISTED)
    assert [s.prompt for s in answer.decision.plan.steps] == [
        "Solve the equation 3x + 5 = 20.",
        "Write a Python function that reverses a list.",
    ]
    (record,) = [r for r in caplog.records if r.name == "qwen_router.model_planning"]
    assert why in record.message
    assert "\n" not in record.message
