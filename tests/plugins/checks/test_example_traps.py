"""What looks like an example and is none, or is not certain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router_plugins.checks.examples import stated_examples

ADD = "Write a Python function `add(a, b)` that adds two numbers. "


@pytest.mark.parametrize(
    "text",
    [
        "add(a, b) == a + b",
        "add(1, 2) returns the sum",
        "add(1, 2) -> int",
        "add(1, 2) is 3 or more",
        "add(1, 2) returns 1,000",
        "add(1, 2) returns 3 4",
        "add(1, 2) -> 1 + 1 = 3",
        "add(1, 2) == 3x",
        "add(1, 2) returns 3.14...",
        "add(1, 2) == [1, 2",
        "add(1, 2) == 'it''",
        "add(1, 2) == ('x')",
        'add(1, 2) == "\\d"',
        "add(1) == 1",
        "add(1, 2) should not return 3",
        "add(1, 2) doesn't return 3",
        "add(1, 2) returns 4 instead of 3",
        "add(1, 2) returns 4, but it should be 3",
        "Currently add(1, 2) returns 4",
        "Why is it that add(1, 2) == 4",
        "Unlike yours, which fails: add(1, 2) == 4",
        "add(1, 2) == 3\nadd(1, 2) == 4",
        "x.add(1, 2) == 3",
        "readd(1, 2) == 3",
        "math.add(1, 2) == 3",
        "If a is an empty string, return 3",
        "for i = 1 to 2 return 3",
        "Input: hello\nOutput: world",
        "Input: two numbers\nOutput: 3",
        "Input: b = 1, c = 2\nOutput: 3",
        ">>> add(1, 2)\n[1, 2",
        ">>> add(1, 2)\n<object at 0x7f0000000000>",
        ">>> import add",
    ],
)
def test_nothing_certain_is_found(text: str):
    assert stated_examples(f"{ADD}\n{text}\n") == []


def test_a_request_to_mend_says_what_the_code_does_now():
    code = "Fix the bug in this:\ndef add(a, b):\n    return a - b\n\n"
    assert stated_examples(f"{code}add(1, 2) returns -1\nadd(2, 2) -> 0") == []
    assert [e.call for e in stated_examples(f"{code}add(1, 2) should return 3")] == ["add(1, 2)"]
    assert [e.call for e in stated_examples(f"{code}assert add(1, 2) == 3")] == ["add(1, 2)"]


def test_equations_that_define_are_no_examples():
    prompt = 'def tri(n):\n    """tri(1) = 3\n    tri(2) = 1 + (2 / 2) = 2\n    Return a list.\n'
    prompt += '    tri(3) = [1, 3, 2, 8]\n    """'
    assert stated_examples(prompt) == []


@pytest.mark.parametrize(
    "prompt",
    [
        "def swap(x):\n    '''Swap the list in-place.\n    swap([1, 2]) -> [2, 1]\n    '''",
        "Write a function pick(x) that returns a random element: pick([1, 2]) -> 1",
        "sin(0) = 0 and cos(0) = 1. Explain.",
        "What does len([1, 2]) == 2 mean?",
        "Tell me about f(x) = 3",
        "",
        "In[1]: x\n>>> \n>>>",
        ">>> " * 50,
        "f(" * 500 + "1" + ")" * 500 + " == 1",
    ],
)
def test_requests_without_usable_examples(prompt: str):
    assert stated_examples(prompt) == []


def test_only_so_many_are_returned():
    prompt = ADD + "\n".join(f"add({i}, 1) == {i + 1}" for i in range(100))
    assert len(stated_examples(prompt)) == 32


@given(st.text(alphabet=st.sampled_from(list("fx(1,2)[]{}'\"=->#: \n\\`.InputOutput>|_é“")), max_size=120))
def test_no_text_breaks_it(text: str):
    for example in stated_examples(f"Write a function f(x).\n{text}"):
        assert "f" in example.call + example.setup
    stated_examples(text)
