"""How a compound request runs: its steps' requests, plans that can't run, and answers that are merged."""

import pytest
from conftest import CODER, GENERAL_LARGE, GENERAL_SMALL, MATH, make_router

from qwen_router import Plan, Request, Router, RouterError, Step, hookimpl
from qwen_router.testing import FakeBackend, Reply

VISION = "Qwen/Qwen2.5-VL-3B-Instruct"
PICTURE = {
    "type": "image",
    "base64": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "mime_type": "image/png",
}
COMPOUND = "1. Solve the equation 3x + 5 = 20. 2. Write a Python function that reverses a list."
MERGE = {"compose": "merge"}


class Planner:
    def __init__(self, *steps):
        self.steps = steps

    @hookimpl
    def plan(self):
        return Plan(steps=self.steps)


def step(name, *needs, task="math", prompt="do it"):
    return Step(id=name, task=task, prompt=prompt, needs=needs)


def planned(backend, tmp_path, *steps, **router):
    settings = make_router(backend, tmp_path, router=router).settings
    return Router(settings, plugins=[backend, Planner(*steps)])


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([step("1", "2"), step("2", "3"), step("3", "1")], "need each other in a circle: 1 needs 2 needs 3 needs 1"),
        ([step("1", "1")], "need each other in a circle: 1 needs 1"),
        ([step("1"), step("1")], "step 1 is given twice"),
        ([step("1", "9")], "step 1 needs the step 9, which isn't there"),
        ([step("1", task="law")], "step 1 is for the task 'law', which no specialist serves"),
        ([step("1", prompt=" ")], "step 1 asks for nothing"),
        ([step(str(i)) for i in range(7)], "has 7 steps; router.max_steps allows 6"),
    ],
)
def test_a_plan_that_could_not_run_is_refused_in_one_line(backend, tmp_path, steps, message):
    with planned(backend, tmp_path, *steps) as router, pytest.raises(RouterError) as caught:
        router.invoke("hello")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.fix == "Mend the plugin that made the plan."
    assert backend.calls == []


def test_a_step_may_need_one_that_is_answered_after_it(backend, tmp_path):
    backend.replies.extend([Reply("first"), Reply("second")])
    with planned(backend, tmp_path, step("a", "b"), step("b", prompt="begin")) as router:
        *chunks, answer = router.stream("hello")
    assert answer.text == "### a. do it\n\nsecond\n\n### b. begin\n\nfirst"
    assert "".join(c.text for c in chunks) == answer.text


def test_what_all_parts_have_to_know_goes_to_each(router, backend):
    data = "Given the data 3, 5, 9 and 12:"
    router.invoke(f"{data} 1. Compute the arithmetic mean. 2. Write a Python function that plots the data.")
    sent = sorted(call.messages[-1].text for call in backend.calls)
    assert sent == [
        f"{data}\n\nCompute the arithmetic mean.",
        f"{data}\n\nWrite a Python function that plots the data.",
    ]


def test_only_the_parts_about_a_picture_get_it(tmp_path):
    backend = FakeBackend([GENERAL_SMALL, CODER, VISION])
    text = "1. What does the sign in the image say? 2. Write a Python function that reverses a string."
    turn = {"role": "user", "content": [{"type": "text", "text": text}, PICTURE]}
    with make_router(backend, tmp_path) as router:
        answer = router.invoke([turn])
    assert [s.task for s in answer.decision.plan.steps] == ["vision", "code"]
    sent = {call.model: Request.of(list(call.messages)) for call in backend.calls}
    assert sent[VISION].modalities == ("image", "text")
    assert sent[CODER].modalities == ("text",)


def test_an_answer_that_must_be_json_is_never_split(router):
    answer = router.invoke(COMPOUND, json_schema={"type": "object"})
    assert len(answer.decision.plan.steps) == 1


def test_the_general_model_merges_the_answers_when_asked_to(backend, tmp_path):
    backend.replies.extend([Reply("x is 5"), Reply("x is 5"), Reply("All in one.")])
    with make_router(backend, tmp_path, router=MERGE) as router:
        *chunks, answer = router.stream(COMPOUND)
    assert answer.text == "All in one."
    assert "".join(c.text for c in chunks) == "All in one."
    merger = answer.decision.plan.steps[-1]
    assert (merger.task, merger.needs) == ("general", ("1", "2"))
    assert answer.decision.choices[merger.id].winner.model == GENERAL_LARGE
    asked = backend.calls[-1].messages[-1].text
    assert "Answer to part 1:\nx is 5" in asked
    assert asked.endswith(COMPOUND)
    assert answer.usage.output_tokens == 9
    assert {c.model for c in backend.calls} == {MATH, CODER, GENERAL_LARGE}


def test_nothing_is_merged_where_there_is_one_answer(backend, tmp_path):
    with make_router(backend, tmp_path, router=MERGE) as router:
        assert len(router.invoke("Who was Marie Curie?").decision.plan.steps) == 1
    assert len(backend.calls) == 1


def test_explain_shows_the_merging_step(backend, tmp_path):
    with make_router(backend, tmp_path, router=MERGE) as router:
        assert list(router.explain(COMPOUND).choices) == ["1", "2", "1+2"]
    assert backend.calls == []
