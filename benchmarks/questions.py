"""The rows of public benchmarks, each with what tells a right answer."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwen_router import Answer, boxed
from qwen_router_plugins.checks.mathematics import ALGEBRA
from qwen_router_plugins.checks.python_code import python_code
from qwen_router_plugins.sandbox import run_python

_ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("QWEN_ROUTER_DATA", _ROOT.parent / "shared" / "data")) / "bench"
# The instruction of EvalPlus, which the Qwen2.5-Coder report uses.
_ASK_CODE = (
    "Please provide a self-contained Python script that solves the following problem in a markdown code block:\n"
    "```python\n{}\n```"
)
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Question:
    """One row of a benchmark."""

    id: str
    text: str
    task: str
    right: Callable[[Answer], bool]


def humaneval() -> list[Question]:
    """Return HumanEval (Chen et al. 2021): right is what passes the row's own tests."""
    return [
        Question(row["task_id"], _ASK_CODE.format(row["prompt"].strip()), "code", _passes(row))
        for row in _rows("humaneval")
    ]


def gsm8k() -> list[Question]:
    """Return the first 200 of GSM8K's test (Cobbe et al. 2021): right is an equal final number."""
    rows = list(_rows("gsm8k_test"))[:200]
    return [Question(row["id"], row["question"], "math", _number_is(row["final"])) for row in rows]


def mgsm() -> list[Question]:
    """Return MGSM (Shi et al. 2022) without the rows that the classifier was trained on."""
    rows = [row for row in _rows("mgsm") if not row["in_routing"]]
    return [Question(row["id"], row["question"], "math", _number_is(str(row["answer"]))) for row in rows]


def math_rows() -> list[Question]:
    """Return 500 of MATH (Hendrycks et al. 2021): right is an equal boxed result, by math-verify."""
    return [Question(row["id"], row["problem"], "math", _result_is(row["answer"])) for row in _rows("math_dev500")]


QUESTIONS: dict[str, Callable[[], list[Question]]] = {
    "gsm8k": gsm8k,
    "humaneval": humaneval,
    "math": math_rows,
    "mgsm": mgsm,
}


def _rows(name: str) -> Iterator[dict[str, Any]]:
    path = DATA / f"{name}.jsonl"
    if not path.exists():
        raise SystemExit(f"There is no {path}. Set QWEN_ROUTER_DATA to the directory that holds bench/{name}.jsonl.")
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)


def _passes(row: dict[str, Any]) -> Callable[[Answer], bool]:
    def right(answer: Answer) -> bool:
        code = python_code(answer.text, row["prompt"]) or ""
        program = f"{code}\n\n{row['test']}\n\ncheck({row['entry_point']})\nprint('passed')\n"
        run = run_python(program)
        return run.status == "ok" and run.stdout.endswith("passed\n")

    return right


def _number_is(final: str) -> Callable[[Answer], bool]:
    def right(answer: Answer) -> bool:
        """Compare the last number of the last box, or of the text."""
        found = _NUMBER.findall(boxed(answer.text) or answer.text)
        return bool(found) and abs(_float(found[-1]) - _float(final)) < 1e-6

    return right


def _float(number: str) -> float:
    return float(number.replace(",", ""))


def _result_is(result: str) -> Callable[[Answer], bool]:
    def right(answer: Answer) -> bool:
        found = boxed(answer.text)
        return found is not None and ALGEBRA.same(result, found) is True

    return right
