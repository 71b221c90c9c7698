"""Judges the result of an answer to a request for mathematics."""

from __future__ import annotations

import re

from qwen_router import Check, Generation, Request
from qwen_router_plugins.checks.mathematics.algebra import ALGEBRA
from qwen_router_plugins.checks.mathematics.equations import asked_equations

_LONGEST = 400
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def judge_mathematics(request: Request, generation: Generation) -> Check:
    """Judge a boxed result: it can be read, and it satisfies the equations that the request asks to be solved.

    A proof or an explanation has no such result: the check abstains.
    """
    result = generation.final
    if result is None:
        if generation.finish_reason == "length":
            return Check(status="rejected", why="The answer was cut before it came to a result.")
        return Check(status="abstained", why="There is no boxed result to judge.")
    if not result.strip():
        return Check(status="rejected", why="The box for the result is empty.", feedback="Put the result in \\boxed{}.")
    if len(result) > _LONGEST:
        return Check(status="abstained", why="The boxed result is too long to judge.")
    if (asked := asked_equations(request.text)) is not None:
        check = _substitute(list(asked.latex), result, all_wanted=asked.all_wanted)
        if check is not None:
            return check
    if not _NUMBER.fullmatch(result.strip()) and ALGEBRA.reads(result) is False:
        why = f"The boxed result can't be read: {result}"
        return Check(status="rejected", why=why, feedback=f"{why}. Put the result alone in \\boxed{{}}.")
    return Check(status="accepted", why=f"The result is boxed: {result}")


def same_result(first: Generation, second: Generation) -> bool | None:
    """Say whether two answers come to the same result; `None` when that can't be told."""
    if not first.final or not second.final or max(len(first.final), len(second.final)) > _LONGEST:
        return None
    return first.final == second.final or ALGEBRA.same(first.final, second.final)


def _substitute(equations: list[str], result: str, *, all_wanted: bool) -> Check | None:
    found = ALGEBRA.satisfies(equations, result)
    if found.get("fits") is None:
        return None
    value = found["value"]
    if not found["fits"]:
        why = f"{value} doesn't satisfy the equation: {found['left']} on its left, {found['right']} on its right."
        return Check(status="rejected", why=why, decisive=True, feedback=f"{why} Find the mistake and solve it again.")
    if all_wanted and found["complete"] is False:
        why = f"{value} satisfies the equation, but it has another solution."
        return Check(status="rejected", why=why, decisive=True, feedback=f"{why} Give all of them in one box.")
    # A choice among several solutions isn't tested by putting it in.
    decisive = found["complete"] is not False
    return Check(status="accepted", why=f"Substituted, {value} satisfies the equation.", decisive=decisive)
