"""One example that a request states."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import Literal

Kind = Literal["value", "raises", "prints"]


@dataclass(frozen=True)
class Example:
    """What a call should give.

    Attributes:
        call: An expression, as Python source.
        expected: Python source of the value; for `raises` the exception's name, for `prints` the exact text.
        kind: What is compared: the value, the exception's type, or what an interactive session would show.
        setup: Statements to run before the call.
    """

    call: str
    expected: str
    kind: Kind = "value"
    setup: str = ""


@dataclass(frozen=True)
class Found:
    """An example and how it was stated, before the whole request is considered.

    Attributes:
        example: The example.
        names: The functions and methods that it calls, built-in ones left out.
        arguments: How many arguments it passes, for a plain call of one function.
        form: `test` for what a test states (a doctest, an assertion), `should` for prose that says what ought to be,
            `equation` for a single equals sign, `stated` for the rest.
        doubtful: The sentence says that this is what happens, not what should.
    """

    example: Example
    names: frozenset[str]
    arguments: int | None
    form: Literal["test", "should", "equation", "stated"]
    doubtful: bool = False


def called(*sources: str) -> frozenset[str]:
    """Return the functions and methods that Python source calls, built-in ones left out."""
    names = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call):
                names.add(node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", ""))
    return frozenset(names - set(dir(builtins)) - {""})
