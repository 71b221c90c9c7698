import pytest

from qwen_router_plugins.checks.examples import Example, signature, stated_examples

ADD = "Write a Python function `add(a, b)` that adds two numbers. "
STUB = 'def solve(nums: list[int], k: int = 1) -> int:\n    """Do it.\n\n{}\n    """\n'


def pairs(prompt: str, function: str | None = None) -> list[tuple[str, str]]:
    return [(e.call, e.expected) for e in stated_examples(prompt, function)]


@pytest.mark.parametrize(
    "text",
    [
        ">>> add(1, 2)\n3",
        ">>> add(1,\n...     2)\n3\n",
        "In [1]: add(1, 2)\nOut[1]: 3",
        ">>> add(1, 2) == 3",
        "add(1, 2) == 3",
        "add(1, 2) === 3",
        "add(1, 2) = 3",
        "add(1, 2) ➞ 3",
        "add(1, 2) → 3",
        "add(1, 2) -> 3",
        "add(1, 2) --> 3",
        "add(1, 2) => 3",
        "add(1,2)==>3",
        "add(1, 2) # 3",
        "add(1, 2)  # returns 3",
        "add(1, 2)  # => 3",
        "add(1, 2)  # -> 3, as one would think",
        "add(1, 2) // 3",
        "print(add(1, 2))  # 3",
        "* add(1, 2) => 3 (the sum)",
        "`add(1, 2)` returns `3`.",
        "`add(1, 2)` should return `3`.",
        "add(1, 2) should return 3 because 1 + 2 = 3.",
        "add(1, 2) must be 3!",
        "For example, add(1, 2) is 3, and so on.",
        "e.g. add(1, 2) gives 3; that is all",
        "add(1, 2) -> 1 + 2 = 3",
        "add(1, 2) returns the integer 3",
        "assert add(1, 2) == 3",
        "assert add(1, 2) == 3, 'wrong'",
        "assert 3 == add(1, 2)",
        "It must pass: `assert add(1, 2) == 3`",
        "self.assertEqual(add(1, 2), 3)",
        "For a = 1, b = 2, the output should be 3.",
        "If a = 1 and b = 2 the function should return 3.",
        "Given a = 1 and b = 2, return 3.",
        "Input: a = 1, b = 2\nOutput: 3",
        "Input: 1, 2\nOutput: 3",
        "**Input:** a = 1, b = 2\n**Output:** 3",
        "<strong>Input:</strong> a = 1, b = 2\n<strong>Output:</strong> 3",
        "Example 1:\n  Input:\n    a : 1\n    b : 2\n  Output: 3\n  Explanation: 1 + 2 is 3",
        "Sample Input:\n1, 2\nSample Output:\n3",
        "Input: x = 1, y = 2\nOutput: 3",
        "| a | b | result |\n|---|---|---|\n| 1 | 2 | 3 |",
        "Example:\n  a = 1, b = 2\n  -> 1 + 2\n  return 3",
    ],
)
def test_a_stated_example_is_found(text: str):
    assert pairs(f"{ADD}\n{text}\n") == [("add(1, 2)", "3")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f([1,\n   2], 3) == [(0, 1)]", ("f([1, 2], 3)", "[(0, 1)]")),
        ("f('a(b', \"c'd\") -> 'x, y'", ("f('a(b', \"c'd\")", "'x, y'")),
        ("f(“abc”) → ‘cba’.", ("f('abc')", "'cba'")),
        ("f(true, null) => false", ("f(True, None)", "False")),
        ('f({"a": [true, null]}) => {"b": 1.5}', ("f({'a': [True, None]})", "{'b': 1.5}")),
        ("f(-1.5) == -2", ("f(-1.5)", "-2")),
        ("f(1, k=2) == 3", ("f(1, k=2)", "3")),
        ("f(set([1])) == set()", ("f(set([1]))", "set()")),
        ("f(2) == 6.00", ("f(2)", "6.0")),
        ('f() returns "Hello, World!"', ("f()", "'Hello, World!'")),
        ("f('') == ''", ("f('')", "''")),
    ],
)
def test_values_are_put_into_pythons_spelling(text: str, expected: tuple[str, str]):
    assert pairs(f"Write a function called f. {text}") == [expected]


def test_a_session_sets_up_prints_and_raises():
    text = (
        "class Stack:\n    def push(self, x):\n        '''\n        >>> s = Stack()\n        >>> s.push(1)\n"
        "        >>> s.pop()\n        1\n        >>> s.pop()\n        Traceback (most recent call last):\n"
        "            ...\n        IndexError: pop from empty list\n"
        "        >>> print(s)\n        Stack of 0\n        '''\n"
    )
    found = stated_examples(text)
    assert [(e.call, e.expected, e.kind) for e in found[-2:]] == [
        ("s.pop()", "IndexError", "raises"),
        ("print(s)", "Stack of 0", "prints"),
    ]
    assert found[-1].setup.startswith("s = Stack()\ns.push(1)")


@pytest.mark.parametrize(
    "text", ["raises ValueError", "should raise a `ValueError`.", "throws an ValueError", "# raises ValueError"]
)
def test_an_exception_is_an_example(text: str):
    assert stated_examples(f"{ADD}add('a', 1) {text}") == [Example("add('a', 1)", "ValueError", "raises")]


def test_tests_in_the_request_are_examples_even_of_an_unnamed_function():
    prompt = "Find shared elements.\nassert set(similar((3, 4), (5, 4))) == set((4,))\nassert not similar((), ())"
    assert pairs(prompt) == [
        ("set(similar((3, 4), (5, 4)))", "set((4,))"),
        ("bool(similar((), ()))", "False"),
    ]
    close = stated_examples("assert math.isclose(area(1), 3.14159, rel_tol=0.001)")
    assert close == [Example("bool(math.isclose(area(1), 3.14159, rel_tol=0.001))", "True", setup="import math")]


def test_leetcode_style():
    prompt = (
        "```python\nclass Solution:\n    def twoSum(self, nums: List[int], target: int) -> List[int]:\n        \n```\n"
        "Example 1:\n\nInput: nums = [2,7,11,15], target = 9\nOutput: [0,1]\n"
        "Explanation: Because nums[0] + nums[1] == 9, we return [0, 1].\n\n"
        "Example 2:\n\nInput: nums = [3,2,4], target = 6\nOutput: [1,2]\n"
    )
    assert pairs(prompt) == [
        ("Solution().twoSum([2, 7, 11, 15], 9)", "[0, 1]"),
        ("Solution().twoSum([3, 2, 4], 6)", "[1, 2]"),
    ]
    assert pairs(prompt + "You may return the answer in any order.") == []
    assert pairs("class Solution:\n    def f(self, root: TreeNode) -> int:\n\nInput: root = [1,2]\nOutput: 3") == []


def test_arguments_by_name_fit_the_signature():
    assert pairs(STUB.format("    Input: nums = [1, 2]\n    Output: 3")) == [("solve([1, 2])", "3")]
    assert pairs(STUB.format("    Input: k = 2, nums = [1, 2]\n    Output: 3")) == [("solve(nums=[1, 2], k=2)", "3")]
    assert pairs(STUB.format("    Input: [1, 2], 2\n    Output: 3")) == [("solve([1, 2], 2)", "3")]
    assert pairs(STUB.format("    Input: 1, 2, 3\n    Output: 3")) == []
    assert pairs(STUB.format("    solve(1, 2, 3) == 3")) == []


def test_one_argument_may_stand_alone():
    prompt = "Write a function reverse_words(text).\n'a b' -> 'b a'\nGiven 'x', it should return 'x'."
    assert pairs(prompt) == [("reverse_words('x')", "'x'"), ("reverse_words('a b')", "'b a'")]


def test_an_unnamed_function_takes_the_answers_name():
    prompt = "Write Python code that reverses a list.\nInput: [1, 2]\nOutput: [2, 1]"
    assert pairs(prompt) == []
    assert pairs(prompt, "flip") == [("flip([1, 2])", "[2, 1]")]


def test_a_slip_in_the_functions_name_is_mended():
    prompt = 'def sort_words(words):\n    """Sort.\n    word_sort(["b", "a"]) => ["a", "b"]\n    """'
    assert pairs(prompt) == [("sort_words(['b', 'a'])", "['a', 'b']")]


def test_strings_without_quotes_are_strings():
    prompt = 'def happy(s):\n    """Is the string happy?\n    happy(aa) => False\n    happy(abc) => True\n    """'
    assert pairs(prompt) == [("happy('aa')", "False"), ("happy('abc')", "True")]


@pytest.mark.parametrize(
    ("prompt", "name", "parameters"),
    [
        ("def f(a, b=1): pass", "f", ("a", "b")),
        ("Write a function named is_prime that checks a number", "is_prime", None),
        ("Write a function called `gcd(a, b)`.", "gcd", ("a", "b")),
        ("Create a function isPrime(n) which tells", "isPrime", ("n",)),
        ("Implement the `encrypt` function.", "encrypt", None),
        ("Please implement `lcm(a: int, b: int) -> int` for me", "lcm", ("a", "b")),
        ("def helper(x):\n    return x\n\ndef main_one(y):\n    '''Doc.'''\n", "main_one", ("y",)),
        ("def todo(y):\n    '''Doc.'''\n\ndef given(x):\n    return x\n", "todo", ("y",)),
    ],
)
def test_the_wanted_function(prompt: str, name: str, parameters: tuple[str, ...] | None):
    found = signature(prompt)
    assert found is not None
    assert (found.name, found.parameters) == (name, parameters)


@pytest.mark.parametrize(
    "prompt", ["Write a function that sorts a list", "Write a Python function to add numbers", "What is a function?"]
)
def test_no_function_is_named(prompt: str):
    assert signature(prompt) is None
