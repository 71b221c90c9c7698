"""Several answers, and several turns, to one question."""

import pytest
from conftest import MATH, make_router

from qwen_router import FollowUp, Hints, Router, Specialist, hookimpl
from qwen_router.testing import FakeBackend, Reply

MATHS = Hints(task="math")


def boxed(*results):
    return [Reply(rf"It is \boxed{{{r}}}.") for r in results]


@pytest.fixture
def backend():
    return FakeBackend([MATH])


def test_a_result_is_taken_when_enough_answers_agree(backend, tmp_path):
    backend.replies.extend(boxed("6", "7", "6.0"))
    with make_router(backend, tmp_path, escalation={"agree": 2}) as router:
        answer = router.invoke("How many are there?", hints=MATHS)
    attempts = answer.decision.attempts
    assert [a.check.status for a in attempts] == ["rejected", "rejected", "accepted"]
    assert attempts[0].check.why == "1 of 2 answers come to this result so far."
    assert "6.0" in answer.text


def test_agreement_ends_the_asking(backend, tmp_path):
    backend.replies.extend(boxed("6", "6.0", "7"))
    with make_router(backend, tmp_path, escalation={"agree": 2}) as router:
        answer = router.invoke("How many are there?", hints=MATHS)
    assert [a.check.why for a in answer.decision.attempts][1:] == ["2 answers come to the same result."]
    assert answer.warnings == ()


def test_a_substituted_result_needs_no_second_answer(backend, tmp_path):
    backend.replies.extend(boxed("5"))
    with make_router(backend, tmp_path, escalation={"agree": 3}) as router:
        answer = router.invoke("Solve 3x + 7 = 22 for x", hints=MATHS)
    assert len(answer.decision.attempts) == 1
    assert answer.decision.attempts[0].check.decisive


class Torn:
    """Makes the second likeliest task nearly as likely."""

    @hookimpl
    def classify(self, request, classification):
        scores = {"math": 0.5, "general": 0.45, "code": 0.05}
        return classification.model_copy(update={"task": "math", "scores": scores, "runner_up": "general"})


def torn(backend, tmp_path):
    off = {"enabled": False}
    return Router.from_config(
        plugins=[backend, Torn()],
        weights={"sources": []},
        backends={"llama_cpp": off, "transformers": off, "openai_api": off},
    )


def test_the_specialist_of_the_second_likeliest_task_is_asked_too(tmp_path):
    backend = FakeBackend([MATH, "Qwen/Qwen2.5-1.5B-Instruct"], [Reply(r"\boxed{}")] * 2 + [Reply("It depends.")])
    with torn(backend, tmp_path) as router:
        answer = router.invoke("How many angels dance on it?")
    assert [a.task for a in answer.decision.attempts][-1] == "general"
    assert answer.text == "It depends."


def test_when_that_specialist_has_no_model_the_best_answer_is_kept(tmp_path):
    backend = FakeBackend([MATH], [Reply(r"First \boxed{}")] * 9)
    with torn(backend, tmp_path) as router:
        answer = router.invoke("How many angels dance on it?")
    assert "boxed" in answer.text
    assert "rejected" in answer.warnings[0]


class Calculator(Specialist):
    """Doubles what the model says, until it says that it is done."""

    name = "calculator"
    task = "sums"
    ladder = (MATH,)

    @hookimpl
    def specialists(self):
        return (self,)

    def follow_up(self, request, generation):
        if not generation.text.isdigit():
            return None
        return FollowUp(f"doubled: {2 * int(generation.text)}", done=generation.text == "9")


def ask(backend, tmp_path, **settings):
    off = {"enabled": False}
    made = {
        "weights": {"sources": []},
        "backends": {"llama_cpp": off, "transformers": off, "openai_api": off},
        **settings,
    }
    with Router.from_config(plugins=[backend, Calculator()], **made) as router:
        *chunks, answer = router.stream("go", hints=Hints(task="sums"))
        return answer, "".join(c.text for c in chunks if c.kind == "text")


def test_a_model_goes_on_with_what_came_of_its_turn(backend, tmp_path):
    backend.replies.extend([Reply("4"), Reply("It is eight.")])
    answer, streamed = ask(backend, tmp_path)
    assert answer.text == "4\n\ndoubled: 8\n\nIt is eight."
    assert streamed.split() == answer.text.split()
    assert [m.text for m in backend.calls[1].messages[-2:]] == ["4", "doubled: 8"]
    assert answer.usage.output_tokens == 4


def test_a_follow_up_may_end_the_answer(backend, tmp_path):
    backend.replies.extend([Reply("9"), Reply("never said")])
    assert ask(backend, tmp_path)[0].text == "9\n\ndoubled: 18"


def test_the_rounds_are_bounded(backend, tmp_path):
    backend.replies.extend([Reply("1")] * 9)
    ask(backend, tmp_path, generation={"max_rounds": 3})
    assert len(backend.calls) == 4
