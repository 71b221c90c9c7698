"""Results of mathematics, put to the test."""

import json
import os
from pathlib import Path

import pytest

from qwen_router import Generation, Request
from qwen_router_plugins.checks.mathematics import is_word_problem, judge_mathematics, same_result
from qwen_router_plugins.checks.mathematics.algebra import Algebra
from qwen_router_plugins.checks.mathematics.equations import asked_equations

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("QWEN_ROUTER_DATA", ROOT.parent / "shared" / "data")) / "bench"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"The benchmark rows are not at {DATA}; they aren't shipped.")


def judged(text, result, **fields):
    return judge_mathematics(Request.of(text), Generation(text="said", final=result, **fields))


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("Solve 3x + 7 = 22 for x", "5", "4"),
        ("Solve 3x + 7 = 22 for x", "x = 5", "x = 6"),
        ("Solve x^2 - 5x + 6 = 0", "2, 3", "2, 4"),
        ("Solve for $a$: $3a-7(3-a)=5$.", r"\frac{13}{5}", r"\frac{12}{5}"),
        ("Solve x + y = 10 and x - y = 2", "x=6, y=4", "x=7, y=3"),
        ("Resuelve 2x - 3 = 7", "5", "-5"),
        ("解方程 2x+3=11", "4", "3"),
        (r"Solve $\sqrt{x}=3$ for $x$.", "9", "3"),
        ("What is the value of $x$ if $6^x + 6^x + 6^x + 6^x + 6^x + 6^x = 6^6$?", "5", "6"),
    ],
)
def test_a_solution_is_put_into_its_equation(text, right, wrong):
    good, bad = judged(text, right), judged(text, wrong)
    assert (good.status, good.decisive) == ("accepted", True)
    assert (bad.status, bad.decisive) == ("rejected", True)
    assert "doesn't satisfy" in bad.feedback


def test_a_missing_solution_is_noticed_unless_one_is_chosen():
    assert "another solution" in judged("Solve x^2 - 5x + 6 = 0", "2").why
    chosen = judged("Find the positive solution of $x^2=16$.", "4")
    assert (chosen.status, chosen.decisive) == ("accepted", False)


@pytest.mark.parametrize(
    "text",
    [
        "What is the sum of the solutions to x^2 - 5x + 6 = 0?",
        "If $a$ and $b$ are the solutions to $x^{2} - 5x + 9= 0$, what is the value of $(a - 1)(b - 1)$?",
        "The root of $8x^3 - 1 = 0$ can be written as $a/b$. Find $a+b$.",
        "solve sqrt(x) = 3",
        "Solve 2x = 6 in integers mod 8",
        "What is 17% of 340?",
        "Explain what an equation such as x = 3 says.",
    ],
)
def test_what_isnt_surely_asked_for_is_not_put_to_the_test(text):
    assert asked_equations(text) is None


def test_a_result_must_be_readable():
    assert judged("What is it?", "x^2+").status == "rejected"
    assert judged("What is it?", " ").status == "rejected"
    assert judged("Prove it.", None).status == "abstained"
    assert judged("How many?", None, finish_reason="length").status == "rejected"
    assert judged("What day is it?", r"\text{Tuesday}").status == "accepted"


def test_equal_results_are_told_in_any_form():
    def same(one, other):
        return same_result(Generation(text="", final=one), Generation(text="", final=other))

    assert same("0.5", r"\frac{1}{2}")
    assert same("x=3", "3")
    assert same("18", "19") is False
    assert same("18", None) is None


def test_a_result_without_end_is_given_up():
    algebra = Algebra()
    try:
        assert algebra.reads("1") is True
        assert algebra.same("9^{9^{9^{9}}}", "1") is not True
        assert algebra.reads("2") is True, "a new process must have taken over"
    finally:
        algebra.close()


@needs_data
def test_no_right_answer_of_math_is_turned_down():
    rows = [json.loads(line) for line in (DATA / "math_dev500.jsonl").read_text("utf-8").splitlines()]
    refused = [r["id"] for r in rows if judged(r["problem"], r["answer"]).status == "rejected"]
    assert refused == []


@needs_data
def test_word_problems_are_told_from_formulas():
    rows = [json.loads(line) for line in (DATA / "gsm8k_test.jsonl").read_text("utf-8").splitlines()[:200]]
    assert sum(is_word_problem(r["question"]) for r in rows) >= 190
    assert not is_word_problem("Find the derivative of f(x) = x^3 + 2x^2 - 5x + 3 at the point x = 2")
    assert not is_word_problem("Prove that the sum of 2 odd numbers is even, for all 100 of the first numbers.")
