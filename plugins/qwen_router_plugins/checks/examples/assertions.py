"""Examples written as assertions of a test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import islice

from qwen_router_plugins.checks.examples.example import Example, Found, called
from qwen_router_plugins.checks.examples.literals import bracket_end, parse

_ASSERT = re.compile(r"(?:^|(?<=[\s`'\"]))assert\s+(?!that\b|the\b|if\b|your\b)", re.M)
_METHOD = re.compile(r"\bself\.(?P<name>assert\w+)\(")
_MOST_LINES, _MOST = 12, 100
_MATH = "import math"


def assertions(text: str) -> Iterator[Found]:
    """Yield what `assert` statements and unittest's methods in `text` say."""
    for found in islice(_ASSERT.finditer(text), _MOST):
        example = _statement(text[found.start() :])
        if example is not None and (names := called(example.call)):
            yield Found(example, names, None, "test")
    for found in islice(_METHOD.finditer(text), _MOST):
        end = bracket_end(text, found.end() - 1)
        call = parse(text[found.end("name") - len(found["name"]) : end]) if end else None
        example = _method(found["name"], call.args) if isinstance(call, ast.Call) else None
        if example is not None and (names := called(example.call)):
            yield Found(example, names, None, "test")


def _statement(text: str) -> Example | None:
    """Read one statement, which may run over several lines and stand in a string."""
    lines = text.split("\n")[:_MOST_LINES]
    for count in range(1, len(lines) + 1):
        source = "\n".join(lines[:count]).strip()
        for cut in (source, source.rstrip("`'\",; ")):
            try:
                statement = ast.parse(cut).body[0]
            except (SyntaxError, ValueError, IndexError):
                continue
            return _truth(statement.test) if isinstance(statement, ast.Assert) else None
    return None


def _truth(test: ast.expr) -> Example | None:
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is):
        return _equal(test.left, test.comparators[0])
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _example(ast.unparse(ast.Call(ast.Name("bool"), [test.operand], [])), "False")
    return _example(ast.unparse(ast.Call(ast.Name("bool"), [test], [])), "True")


def _equal(left: ast.expr, right: ast.expr) -> Example | None:
    """Read an equality; the side that calls the function is the call."""
    one, other = ast.unparse(left), ast.unparse(right)
    if called(one) and called(other):
        # A round trip, such as decode(encode(x)) against another call.
        return _example(f"({one}) == ({other})", "True")
    return _example(one, other) if called(one) else _example(other, one)


def _example(call: str, expected: str) -> Example:
    return Example(call, expected, setup=_MATH if "math." in call + expected else "")


def _method(name: str, arguments: list[ast.expr]) -> Example | None:
    match name, arguments:
        case ("assertTrue", [test, *_]):
            return _example(f"bool({ast.unparse(test)})", "True")
        case ("assertFalse", [test, *_]):
            return _example(f"bool({ast.unparse(test)})", "False")
        case ("assertIsNone", [test, *_]):
            return _example(ast.unparse(test), "None")
        case (
            "assertEqual" | "assertEquals" | "assertIs" | "assertListEqual" | "assertDictEqual" | "assertTupleEqual"
            | "assertSetEqual" | "assertSequenceEqual",
            [left, right, *_],
        ):  # fmt: skip
            return _equal(left, right)
        case ("assertRaises", [ast.Name(id=error), function, *rest]):
            return Example(f"{ast.unparse(function)}({', '.join(map(ast.unparse, rest))})", error, "raises")
    return None
