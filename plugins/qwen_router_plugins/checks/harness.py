"""Runs inside the sandbox: loads an answer's code and tries examples on it.

It is handed over as text, with the call of `check` below it, and imports nothing but the standard library.
"""

from __future__ import annotations

import io
import json
import math
import sys
import types
from contextlib import redirect_stdout
from typing import Any


def check(nonce: str, code: str, examples: list[tuple[str, str, str, str]]) -> None:
    """Run code as a module, then each (call, expected, kind, setup), and print one marked line of JSON for each.

    Code that fails half-way is tried all the same: what it defined before, such as a function above a call of
    `input()`, is there.
    """
    out = sys.stdout
    module = types.ModuleType("answer")
    # Not `__main__`: what a guard keeps from importers is no part of the answer. Decorators look the module up.
    sys.modules["answer"] = module

    def say(result: dict[str, Any]) -> None:
        out.write(f"\n{nonce} {json.dumps(result)}\n")
        out.flush()

    with redirect_stdout(io.StringIO()):
        try:
            exec(compile(code, "answer.py", "exec", dont_inherit=True), module.__dict__)
        except BaseException as error:
            say({"loading": _told(error)})
        else:
            say({"loading": None})
    for number, (call, expected, kind, setup) in enumerate(examples):
        say({"number": number, **_tried(dict(module.__dict__), call, expected, kind, setup)})


def _tried(names: dict[str, Any], call: str, expected: str, kind: str, setup: str) -> dict[str, Any]:
    shown = io.StringIO()
    try:
        wanted = eval(expected, dict(names)) if kind == "value" else expected
        with redirect_stdout(io.StringIO()):
            exec(setup, names)
        with redirect_stdout(shown):
            got = eval(call, names)
        if kind == "raises":
            return {"passed": False, "got": _short(got)}
        if kind == "prints":
            text = shown.getvalue() + ("" if got is None else repr(got))
            passed = _lines(expected) in (_lines(text), _lines(str(got)))
            return {"passed": passed, "got": text[:300]}
        return {"passed": same(got, wanted), "got": _short(got)}
    except BaseException as error:
        passed = kind == "raises" and expected in {base.__name__ for base in type(error).__mro__}
        return {"passed": passed, "error": _told(error)}


def same(got: Any, wanted: Any) -> bool:
    """Return whether two values are equal, floats within a millionth."""
    if isinstance(got, float) or isinstance(wanted, float):
        try:
            return math.isclose(got, wanted, rel_tol=1e-6, abs_tol=1e-6) or (got != got and wanted != wanted)
        except (TypeError, ValueError, OverflowError):
            return False
    if isinstance(wanted, list | tuple) and isinstance(got, type(wanted)):
        return len(got) == len(wanted) and all(same(g, w) for g, w in zip(got, wanted, strict=True))
    if isinstance(wanted, dict) and isinstance(got, dict):
        return got.keys() == wanted.keys() and all(same(got[key], wanted[key]) for key in wanted)
    return bool(got == wanted)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def _short(value: Any) -> str:
    try:
        return repr(value)[:300]
    except Exception as error:
        return f"a {type(value).__name__} whose repr() raises {type(error).__name__}"


def _told(error: BaseException) -> list[str]:
    return [type(error).__name__, str(error)[:300], getattr(error, "name", None) or ""]
