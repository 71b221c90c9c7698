"""Builds the program that tries examples on an answer's code, and reads what it reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from qwen_router_plugins.checks.examples import Example

_HARNESS = Path(__file__).with_name("harness.py")


@dataclass(frozen=True)
class Trial:
    """How one example went.

    Attributes:
        status: `passed`; `failed` with another value; `raised`; `undefined` when the code lacks a name that the
            example uses, or needs a module that is not there; `unrun` when the program ended before.
        got: The value's repr, what was shown, or the error: type and message.
    """

    example: Example
    status: Literal["passed", "failed", "raised", "undefined", "unrun"]
    got: str = ""


@dataclass(frozen=True)
class Report:
    """What the program reported.

    Attributes:
        trials: One for each example, in their order.
        loading: The error of the code's own top level; empty when it ran through.
        lacks: The module that could not be imported; the sandbox has the standard library only.
        complete: The program came to its end.
    """

    trials: tuple[Trial, ...]
    loading: str = ""
    lacks: str = ""
    complete: bool = True


def check_program(code: str, examples: Sequence[Example], nonce: str) -> str:
    """Return a program that runs `code`, then every example, and prints one line of JSON for each.

    Args:
        nonce: A random word that marks the lines, so that what the code prints can't pass for one.
    """
    rows = [(e.call, e.expected, e.kind, e.setup) for e in examples]
    return f"{_harness()}\n\ncheck({nonce!r}, {code!r}, {rows!r})\n"


def read_report(stdout: str, examples: Sequence[Example], nonce: str) -> Report:
    """Return what the program of `check_program` said on stdout, cut short or not."""
    loading: list[str] = ["", "", ""]
    trials = [Trial(example, "unrun") for example in examples]
    seen_end = not examples
    loaded = False
    for line in stdout.split("\n"):
        if not line.startswith(f"{nonce} "):
            continue
        try:
            said = json.loads(line[len(nonce) :])
        except ValueError:
            continue
        if "loading" in said:
            loaded, loading = True, said["loading"] or loading
        elif (number := said["number"]) < len(trials):
            trials[number] = _trial(examples[number], said)
            seen_end = number == len(trials) - 1
    kind, message, name = loading
    lacks = name.partition(".")[0] if kind in ("ModuleNotFoundError", "ImportError") else ""
    return Report(tuple(trials), f"{kind}: {message}" if kind else "", lacks, loaded and seen_end)


def _trial(example: Example, said: dict[str, object]) -> Trial:
    if said["passed"]:
        return Trial(example, "passed")
    error = said.get("error")
    if not isinstance(error, list):
        return Trial(example, "failed", str(said.get("got", "")))
    kind, message, name = error
    unknown = kind == "NameError" and name and name in f"{example.setup}\n{example.call}"
    lacking = kind == "ModuleNotFoundError"
    return Trial(example, "undefined" if unknown or lacking else "raised", f"{kind}: {message}")


@cache
def _harness() -> str:
    return _HARNESS.read_text(encoding="utf-8")
