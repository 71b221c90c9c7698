"""Works out sums that explain a value: `19 - 5 - 6 = 8`."""

from __future__ import annotations

import ast
import math
import re

from qwen_router_plugins.checks.examples.literals import parse

_EQUALS = re.compile(r"={1,3}")
_LARGEST_EXPONENT = 64


def total(text: str) -> str | None:
    """Return the value that every part of a chain of equations has, or `None` when they differ or are no sums."""
    results = [_worked_out(part) for part in _EQUALS.split(text.strip().rstrip("."))]
    first = results[0]
    if first is None or any(r is None or not math.isclose(first, r, rel_tol=1e-9) for r in results):
        return None
    return repr(results[-1])


def _worked_out(text: str) -> float | None:
    node = parse(text)
    if node is None:
        return None
    try:
        return _number(node)
    except (ValueError, ArithmeticError):
        return None


def _number(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand)
    if isinstance(node, ast.BinOp):
        left, right = _number(node.left), _number(node.right)
        match node.op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
            case ast.FloorDiv():
                return left // right
            case ast.Mod():
                return left % right
            case ast.Pow() if 0 <= right <= _LARGEST_EXPONENT and abs(left) < 1e6:
                return float(left**right) if isinstance(left**right, float) else int(left**right)
    raise ValueError(type(node).__name__)
