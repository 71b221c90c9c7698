"""Runs the program that a model wrote to find a result, and tells it the output (tool-integrated reasoning).

Gou et al. 2023 (ToRA), section 2; Qwen2.5-Math technical report, section 3.
"""

from __future__ import annotations

import re

from qwen_router import FollowUp, code_blocks
from qwen_router_plugins.sandbox import Limits, run_python

OUTPUT = "```output\n"
PROGRAM = "Write a short Python program that computes the answer and prints it. Reply with the code block alone."
"""Of a box it says nothing: small models then reason at length instead."""
_LIMITS = Limits(wall_seconds=10.0, cpu_seconds=8)
_PYTHON = ("python", "py", "python3", "")
_MOST_SHOWN = 1000
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
_MOST_WORDS = 12


def output_of(text: str) -> FollowUp | None:
    """Run the last program of a turn; `None` where there is none.

    A single number ends the answer: nothing is left to a model that might copy it wrongly. A fault goes back.

    Raises:
        Cancelled: The caller stopped the call.
        DeadlineExceeded: The call's deadline has passed.
    """
    programs = [block.text for block in code_blocks(text) if block.language in _PYTHON]
    if not programs:
        return None
    run = run_python(programs[-1], limits=_LIMITS)
    if run.status != "ok":
        fault = (run.stderr.strip().splitlines() or [run.status])[-1]
        return FollowUp(f"{_shown(fault)}\n\nThe program fails. Mend it.")
    printed = run.stdout.strip()
    if not printed:
        return FollowUp(f"{_shown('')}\n\nThe program prints nothing. Print the result.")
    number = _single_number(printed)
    if number is None:
        return FollowUp(f"{_shown(printed)}\n\nPut the final answer within \\boxed{{}}.")
    return FollowUp(f"{_shown(printed)}\n\n\\boxed{{{number}}}", done=True)


def _shown(output: str) -> str:
    return f"{OUTPUT}{output[:_MOST_SHOWN]}\n```"


def _single_number(printed: str) -> str | None:
    """Return the only number of a line of output, without what floating point adds at its end."""
    found = _NUMBER.findall(printed)
    if len(found) != 1 or "\n" in printed or len(printed.split()) > _MOST_WORDS:
        return None
    plain = found[0].replace(",", "")
    return plain if re.fullmatch(r"-?\d+", plain) else f"{float(plain):.10g}"
