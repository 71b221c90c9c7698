import pytest

from qwen_router import CodeBlock
from qwen_router_plugins.checks.languages import asked_languages, canonical, unasked_language


@pytest.mark.parametrize(
    ("prompt", "languages"),
    [
        ("Write a Python function that adds", {"python"}),
        ("write a javascript function", {"javascript"}),
        ("Implement it in Go.", {"go"}),
        ("Write a Go program", {"go"}),
        ("How do I go to the shop?", set()),
        ("Let it rust in the swift river", set()),
        ("Write a program in C that prints", {"c"}),
        ("Write a C++ class", {"cpp"}),
        ("Write a C# method", {"csharp"}),
        ("Plan A, plan B, plan C", set()),
        ("Which is right: A) 1 B) 2 C) 3", set()),
        ("Plot it in R", {"r"}),
        ("Convert this Python code to Rust", {"python", "rust"}),
        ("Write a Java class", {"java"}),
        ("a cup of java please", set()),
        ("Use node.js and express", {"javascript"}),
        ("```ts\nlet x = 1\n```\nWhat does it do?", {"typescript"}),
        ("def f(x):\n    '''Doc.'''\n", {"python"}),
        ("Write a SQL query", {"sql"}),
        ("Write a bash script", {"bash"}),
        ("Sort a list of numbers", set()),
        ("A Ruby script, please", {"ruby"}),
        ("She wore a ruby ring", set()),
        ("Explain the file main.py", set()),
    ],
)
def test_the_languages_that_a_request_names(prompt: str, languages: set[str]):
    assert asked_languages(prompt) == languages


@pytest.mark.parametrize(
    ("prompt", "given", "unasked"),
    [
        ("Write a Python function", ["python"], None),
        ("Write a Python function", ["javascript"], "javascript"),
        ("Write a Python function", ["py", "js"], None),
        ("Write a Python function", ["bash"], None),
        ("Write a Python function", ["", "text"], None),
        ("Write a Python function", [], None),
        ("Write a Rust function", ["c++"], "cpp"),
        ("Write a TypeScript function", ["javascript"], None),
        ("Write a C++ function", ["c"], None),
        ("Write a SQL query", ["python"], None),
        ("Convert Python to Go", ["go"], None),
        ("Convert Python to Go", ["java"], "java"),
        ("Sort a list", ["java"], None),
    ],
)
def test_code_in_a_language_nobody_asked_for(prompt: str, given: list[str], unasked: str | None):
    assert unasked_language(prompt, [CodeBlock(language=name, text="x") for name in given]) == unasked


def test_every_name_of_a_language_is_one():
    assert [canonical(n) for n in ("JS", "c++", "C#", "golang", "py", "sh", "elvish")] == [
        "javascript", "cpp", "csharp", "go", "python", "bash", "elvish"
    ]  # fmt: skip
