import pytest

from qwen_router import Generation, Request, code_blocks
from qwen_router_plugins.checks.code import judge_code
from qwen_router_plugins.sandbox import missing

ASKED = """Complete this.
```python
def add(a, b):
    '''Add.
    >>> add(1, 2)
    3
    >>> add(-1, 1)
    0
    '''
```"""
needs_sandbox = pytest.mark.skipif(missing() is not None, reason=missing() or "")


def judge(answer, asked=ASKED, *, run=True, finish_reason="stop"):
    generation = Generation(text=answer, code=code_blocks(answer), finish_reason=finish_reason)
    return judge_code(Request.of(asked), generation, run=run)


def fenced(code, language="python"):
    return f"Here it is:\n```{language}\n{code}\n```"


@needs_sandbox
def test_code_that_passes_the_stated_examples_is_accepted_for_good():
    check = judge(fenced("def add(a, b):\n    return a + b"))
    assert (check.status, check.decisive) == ("accepted", True)
    assert check.why == "All 2 examples pass."


@needs_sandbox
def test_code_that_fails_an_example_is_told_which():
    check = judge(fenced("def add(a, b):\n    return a - b"))
    assert (check.status, check.decisive) == ("rejected", True)
    assert check.why == "2 of 2 examples of the request fail: `add(1, 2)` should give 3, but it gave -1."
    assert "- `add(-1, 1)` should give 0, but it gave -2" in check.feedback


@needs_sandbox
def test_code_that_raises_is_told_what():
    check = judge(fenced("def add(a, b):\n    return a + c"))
    assert check.status == "rejected"
    assert "it raised NameError: name 'c' is not defined" in check.feedback


@needs_sandbox
def test_code_that_fails_to_load_is_rejected():
    check = judge(fenced("import nothing_like_this_exists\n\ndef add(a, b):\n    return a + b\n"))
    assert check.status == "abstained"
    assert "nothing_like_this_exists" in check.why
    check = judge(fenced("x = 1 / 0\n\ndef add(a, b):\n    return a + b\n"))
    assert check.status == "rejected"
    assert "ZeroDivisionError" in check.feedback


@needs_sandbox
@pytest.mark.parametrize("body", ["while True: pass", "input()", "while True: print('x' * 1000)"])
def test_code_that_never_ends_waits_or_floods_is_rejected(body, monkeypatch):
    from qwen_router_plugins.checks import code
    from qwen_router_plugins.sandbox import Limits

    monkeypatch.setattr(code, "_LIMITS", Limits(wall_seconds=2.0, cpu_seconds=1))
    check = judge(fenced(f"def add(a, b):\n    {body}\n    return 0"))
    assert check.status == "rejected"


@needs_sandbox
def test_code_without_examples_is_run_and_no_more():
    check = judge(fenced("def f():\n    return 1"), "Write a Python function that returns one thing")
    assert (check.status, check.decisive) == ("accepted", False)


def test_code_is_not_run_unless_allowed():
    check = judge(fenced("def add(a, b):\n    return a - b"), run=False)
    assert (check.status, check.why) == ("accepted", "The Python code parses.")


def test_python_that_does_not_parse_is_rejected_with_the_reason():
    check = judge(fenced("def add(a, b:\n    return"), run=False)
    assert check.status == "rejected"
    assert "doesn't parse" in check.feedback
    assert judge(fenced("def add(a, b:\n    return"), run=False, finish_reason="length").status == "abstained"


def test_other_languages_are_parsed():
    assert judge(fenced("function f( {", "javascript"), "Write it in JavaScript", run=False).status == "rejected"
    good = judge(fenced("function f() { return 1; }", "javascript"), "Write it in JavaScript", run=False)
    assert (good.status, good.why) == ("accepted", "The javascript code parses.")


def test_code_in_a_language_nobody_asked_for_is_rejected():
    check = judge(fenced("puts 1", "ruby"), "Write a Python function that prints one", run=False)
    assert check.status == "rejected"
    assert "ruby" in check.why


def test_a_loop_and_silence_are_rejected():
    assert "repeats itself" in judge("and then " * 400, run=False).why
    assert judge("  ", run=False).why == "The model answered nothing."


def test_prose_is_not_judged():
    check = judge("A list keeps order; a set does not.", "What is the difference between a list and a set?", run=False)
    assert check.status == "abstained"
