import pytest

from qwen_router_plugins.checks.python_code import python_code

STUB = (
    'from typing import List\n\n\ndef helper(x):\n    return x + 1\n\n\ndef f(xs: List[int]) -> int:\n    """Sum."""\n'
)


def fenced(*codes: str, language: str = "python") -> str:
    return "Here:\n\n" + "\n\nand\n\n".join(f"```{language}\n{code}\n```" for code in codes) + "\n\nThat is all."


def result(code: str | None) -> object:
    names: dict[str, object] = {}
    assert code is not None
    exec(code, names)
    return names["f"]([1, 2])  # type: ignore[operator]


def test_the_fenced_block_is_the_code():
    assert python_code(fenced("x = 1")) == "x = 1"
    assert python_code(fenced("def f(): pass", language="")) == "def f(): pass"
    assert python_code(fenced("let x = 1", language="js")) is None
    assert python_code("Just words, no code.") is None


def test_helper_and_function_in_two_blocks_are_joined():
    assert result(python_code(fenced("def g(x):\n    return x", "def f(xs):\n    return g(sum(xs))"))) == 3


def test_usage_quotations_and_second_versions_are_left_out():
    code = python_code(
        fenced(
            "def f(xs):\n    return sum(xs)",
            "print(f(input()))",
            "    return sum(xs)",
            "def f(xs):\n    return 0",
            "pip install x",
        )
    )
    assert code == "def f(xs):\n    return sum(xs)"


def test_code_that_does_not_parse_is_returned_for_the_caller_to_judge():
    assert python_code(fenced("def f(:")) == "def f(:"


def test_unfenced_code_is_found_between_prose():
    answer = "Sure, this does it:\n\ndef f(xs):\n    return sum(xs)\n\nIt sums the list up, that's all."
    assert result(python_code(answer)) == 3
    assert python_code("from my point of view\nit is fine") is None


@pytest.mark.parametrize(
    "body",
    [
        "    total = helper(0)\n    return sum(xs) + total",
        "total = helper(0)\nreturn sum(xs) + total",
        "total = helper(0)\n    return sum(xs) + total",
        "    if xs:\n        return sum(xs) + 1\n    return 0",
        "return sum(xs) + helper(0)",
    ],
)
def test_a_body_is_put_under_the_stub(body: str):
    assert result(python_code(body, STUB)) == 4
    assert result(python_code(fenced(body), STUB)) == 4
    assert result(python_code(fenced(body), f"Complete it:\n```python\n{STUB}```\nPlease.")) == 4


def test_imports_and_helpers_of_the_prompt_are_put_back():
    assert result(python_code(fenced("def f(xs: List[int]) -> int:\n    return sum(xs) + helper(0)"), STUB)) == 4
    again = python_code(
        fenced("from typing import List\ndef helper(x): return 0\ndef f(xs: List[int]): return helper(0)"), STUB
    )
    assert again is not None
    assert again.count("import List") == again.count("def helper") == 1


def test_a_future_import_stays_first():
    assert result(python_code(fenced("from __future__ import annotations\ndef f(xs: List[int]): return 5"), STUB)) == 5


def test_a_class_of_the_prompt_is_not_taken_for_a_stub():
    prompt = "class Solution:\n    def f(self, xs):\n"
    assert python_code(fenced("class Solution:\n    def f(self, xs): return 1"), prompt) == (
        "class Solution:\n    def f(self, xs): return 1"
    )


def test_prose_below_a_stub_is_no_part_of_it():
    prompt = f"Complete this.\n\n{STUB}\nNote: it must be fast.\nInput: 1\nx = 1\n"
    assert result(python_code("return sum(xs) + helper(0)", prompt)) == 4
