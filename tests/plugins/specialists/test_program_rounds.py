"""Mathematics by a program that the model writes."""

import pytest
from conftest import MATH, make_router

from qwen_router import Hints, Request
from qwen_router.testing import FakeBackend, Reply
from qwen_router_plugins.sandbox import missing
from qwen_router_plugins.specialists.program_rounds import output_of
from qwen_router_plugins.specialists.qwen_math import QwenMath

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
DUCKS = (
    "Janet's ducks lay 16 eggs a day. She eats 3 and bakes with 4. She sells the rest for $2 each. How much is that?"
)


def program(source):
    return f"```python\n{source}\n```"


def test_a_single_number_ends_the_answer():
    told = output_of(program("print((16 - 3 - 4) * 2)"))
    assert told.done
    assert told.text == "```output\n18\n```\n\n\\boxed{18}"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("print(0.1 + 0.2)", r"\boxed{0.3}"),
        ("print('She makes $1,234 a day')", r"\boxed{1234}"),
        ("print(-7)", r"\boxed{-7}"),
    ],
)
def test_the_number_is_read_out_of_the_output(source, shown):
    assert output_of(program(source)).text.endswith(shown)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("print(1)\nprint(2)", "1\n2"),
        ("print(1 / 0)", "ZeroDivisionError"),
        ("x = 1", "prints nothing"),
        ("while True: pass", "timeout"),
        ("input()", "EOFError"),
        ("import sympy", "ModuleNotFoundError"),
    ],
)
def test_anything_else_goes_back_to_the_model(source, said):
    told = output_of(program(source))
    assert not told.done
    assert said in told.text


def test_without_a_program_there_is_nothing_to_run():
    assert output_of(r"It is \boxed{3}.") is None


def test_word_problems_alone_are_programs_and_only_where_code_may_run():
    def system(text, **kwargs):
        return QwenMath(**kwargs).messages(Request.of(text))[0].text

    assert "program" in system(DUCKS, run_code=True)
    assert "step by step" in system(DUCKS)
    assert "step by step" in system("Prove that there are infinitely many primes of the form 4k + 3.", run_code=True)


def test_a_failing_program_is_mended_in_the_same_answer(tmp_path):
    backend = FakeBackend([MATH], [Reply(program("print(eggs)")), Reply(program("print(9 * 2)"))])
    with make_router(backend, tmp_path, security={"code_execution": "sandbox"}) as router:
        answer = router.invoke(DUCKS, hints=Hints(task="math"))
    assert answer.text.endswith(r"\boxed{18}")
    assert "NameError" in backend.calls[1].messages[-1].text
    assert [a.check.status for a in answer.decision.attempts] == ["accepted"]


def test_a_program_without_result_is_rejected(tmp_path):
    backend = FakeBackend([MATH], [Reply(program("print(eggs)"))] * 3)
    settings = {"security": {"code_execution": "sandbox"}, "escalation": {"max_attempts": 1}}
    with make_router(backend, tmp_path, **settings) as router:
        answer = router.invoke(DUCKS, hints=Hints(task="math"))
    assert answer.decision.attempts[0].check.why == "The program came to no result."
    assert answer.warnings
