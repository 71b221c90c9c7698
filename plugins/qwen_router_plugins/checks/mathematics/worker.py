"""Reads and compares mathematics in a process of its own: one JSON object a line in, one out.

SymPy may take for ever, or all memory, over a result as short as 9^(9^9). A process can be bounded and ended.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import sympy
from math_verify import LatexExtractionConfig, parse, verify
from sympy.core.relational import Relational

_MEMORY, _SECONDS = 2**30, 2
_NEAR = 1e-6
_BOXED = [LatexExtractionConfig(boxed_match_priority=0)]


def main() -> None:
    """Answer until the input ends."""
    # Its time-outs are signals, and its warnings that they are off would go to the user's screen.
    logging.disable(logging.CRITICAL)
    _bound_memory()
    for line in sys.stdin:
        asked = json.loads(line)
        _bound_time()
        try:
            answer = _OPERATIONS[asked.pop("operation")](**asked)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def reads(result: str) -> dict[str, Any]:
    """Say whether a result is mathematics that can be read."""
    return {"read": _value(result) is not None}


def same(first: str, second: str) -> dict[str, Any]:
    """Say whether two results are equal; `None` when one of them can't be read."""
    one, other = _parsed(first), _parsed(second)
    if len(one) < 2 or len(other) < 2:
        return {"same": None}
    return {"same": bool(verify(one, other, timeout_seconds=None) or verify(other, one, timeout_seconds=None))}


def satisfies(equations: list[str], result: str) -> dict[str, Any]:
    """Put a result into equations, in LaTeX.

    Returns:
        `fits`: whether every value of it satisfies them, `None` when that can't be told; `value`: the one that doesn't,
        or the last; `left` and `right`: what the sides of the failing equation come to; `complete`: whether there is no
        other real solution, `None` when that isn't known.
    """
    read = [value for e in equations if isinstance(value := _value(e), sympy.Eq)]
    if len(read) < len(equations):
        return {"fits": None}
    unknowns = sorted(set().union(*(e.free_symbols for e in read)), key=str)
    assignments = list(_assignments(_value(result), unknowns))
    if not unknowns or not assignments:
        return {"fits": None}
    for values in assignments:
        for equation in read:
            left, right = (complex(side.subs(values).evalf()) for side in equation.args)
            if abs(left.imag) > _NEAR or abs(right.imag) > _NEAR:
                # The principal root of a negative number is complex where a real one may be meant.
                return {"fits": None}
            if abs(left - right) > _NEAR * max(1.0, abs(left), abs(right)):
                return {
                    "fits": False,
                    "value": _shown(values),
                    "left": f"{left.real:.6g}",
                    "right": f"{right.real:.6g}",
                }
    return {"fits": True, "value": _shown(assignments[-1]), "complete": _complete(read, unknowns, assignments)}


def _assignments(value: Any, unknowns: list[Any]) -> Iterable[dict[Any, Any]]:
    """Yield the values that a result gives to the unknowns; nothing where it isn't a solution that can be put in."""
    members = list(value) if isinstance(value, sympy.FiniteSet | set | frozenset) else [value]
    named = [m for m in members if isinstance(m, sympy.Eq) and m.lhs in unknowns and m.rhs.is_number]
    if len(unknowns) == 1:
        plain = [m.rhs if isinstance(m, sympy.Eq) and m.lhs == unknowns[0] else m for m in members]
        if all(getattr(m, "is_number", False) and not isinstance(m, Relational) for m in plain):
            yield from ({unknowns[0]: m} for m in plain)
    elif len(named) == len(members) == len(unknowns) == len({m.lhs for m in named}):
        yield {m.lhs: m.rhs for m in named}


def _complete(equations: list[Any], unknowns: list[Any], assignments: list[dict[Any, Any]]) -> bool | None:
    if len(equations) > 1 or len(unknowns) > 1:
        return None
    try:
        polynomial = sympy.Poly(equations[0].lhs - equations[0].rhs, unknowns[0])
        roots = {complex(root) for root in polynomial.nroots()}
    except (sympy.PolynomialError, sympy.polys.polyerrors.PolificationFailed, TypeError, ValueError):
        return None
    given = [complex(values[unknowns[0]].evalf()) for values in assignments]
    real = [root for root in roots if abs(root.imag) < _NEAR]
    return all(any(abs(root - value) < 1e-4 * max(1.0, abs(root)) for value in given) for root in real)


def _parsed(result: str) -> list[Any]:
    return list(parse(f"\\boxed{{{result}}}", extraction_config=_BOXED, parsing_timeout=None))


def _value(result: str) -> Any | None:
    """Return what a result says, `None` where it is no mathematics: the parser then gives its text alone."""
    found = _parsed(result)
    return found[0] if len(found) > 1 else None


def _shown(values: dict[Any, Any]) -> str:
    return ", ".join(f"{unknown} = {value}" for unknown, value in values.items())


def _bound_memory() -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _bound_time() -> None:
    """Let the kernel end this process when the next answer takes too much processor time."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        until = math.ceil(time.process_time()) + _SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


_OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {"reads": reads, "same": same, "satisfies": satisfies}

if __name__ == "__main__":
    main()
