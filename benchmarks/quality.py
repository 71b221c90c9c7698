"""Measures how often the router is right, at what cost: `quality.py {humaneval|gsm8k} --policy small,large,...`.

Answers are greedy and kept by model and prompt (`--answers`), so an interruption loses nothing and a changed policy
asks the models only what is new. HumanEval is judged by its own tests in the sandbox, GSM8K by its final number.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recording import Record, RecordingBackend

from qwen_router import Answer, Hints, Router, Sampling
from qwen_router.catalog import load_catalogue
from qwen_router_plugins.checks.python_code import python_code
from qwen_router_plugins.sandbox import run_python

DATA = Path(__file__).parents[2] / "shared" / "data" / "bench"
SMALL, LARGE = "Qwen/Qwen2.5-Coder-0.5B-Instruct", "Qwen/Qwen2.5-Coder-1.5B-Instruct"
_ASK_CODE = (
    "Please provide a self-contained Python script that solves the following problem in a markdown code block:\n"
    "```python\n{}\n```"
)
_OFF = {"enabled": False}


@dataclass(frozen=True)
class Question:
    """One row of a benchmark."""

    id: str
    text: str
    task: str
    right: Callable[[Answer], bool]


def main() -> None:
    """Print a table of accuracy and cost, one row a policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", choices=sorted(_QUESTIONS))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=0, help="draws the rows when there is a limit")
    parser.add_argument("--policy", default="small,large,unchecked,checked")
    parser.add_argument("--answers", type=Path, default=Path("answers.jsonl"))
    parser.add_argument("--out", type=Path, help="where the result of each row goes, as JSON lines")
    parser.add_argument("--models", type=Path, help="a directory with the GGUF files; else the embedded ones")
    args = parser.parse_args()
    questions = _QUESTIONS[args.benchmark]()
    if args.limit is not None and args.limit < len(questions):
        questions = sorted(random.Random(args.seed).sample(questions, args.limit), key=lambda q: q.id)
    print("policy      right               calls small/large   tokens   seconds   parameters x tokens   rows to large")
    for policy in args.policy.split(","):
        rows = _run(policy, questions, args)
        if args.out:
            with args.out.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps({"policy": policy, **row}) + "\n" for row in rows)
        _print(policy, rows)


def _run(policy: str, questions: list[Question], args: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    with _router(policy, args) as router:
        for number, question in enumerate(questions, 1):
            hints = Hints(task=question.task, model={"small": SMALL, "large": LARGE}.get(policy))
            answer = router.invoke(question.text, hints=hints, sampling=Sampling(temperature=0.0, max_new_tokens=640))
            attempts = answer.decision.attempts
            rows.append(
                {
                    "id": question.id,
                    "right": question.right(answer),
                    "attempts": [
                        {
                            "model": a.choice.winner.model,
                            "tokens": a.usage.output_tokens,
                            "seconds": round(a.timings.total, 2),
                            "check": a.check.status,
                            "why": a.check.why,
                        }
                        for a in attempts
                    ],
                }
            )
            if sys.stderr.isatty():
                right = sum(row["right"] for row in rows)
                print(f"\r{policy}: {number}/{len(questions)}, {right} right", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return rows


def _router(policy: str, args: argparse.Namespace) -> Router:
    sources = {"sources": ["local"], "directories": [str(args.models)]} if args.models else {"sources": ["embedded"]}
    return Router.from_config(
        plugins=[RecordingBackend(Record(args.answers))],
        weights=sources,
        backends={"llama_cpp": {"enabled": False, "parallel": 1}, "transformers": _OFF, "openai_api": _OFF},
        sizing={"learn": False, "context": 4096},
        escalation={"max_attempts": 4 if policy == "checked" else 1},
        security={"code_execution": "sandbox" if policy == "checked" else "off"},
    )


def _print(policy: str, rows: list[dict[str, Any]]) -> None:
    total, right = len(rows), sum(row["right"] for row in rows)
    attempts = [a for row in rows for a in row["attempts"]]
    calls = Counter(a["model"] for a in attempts)
    tokens = sum(a["tokens"] for a in attempts)
    parameters = {name: load_catalogue()[name].parameters for name in calls}
    compute = sum(parameters[a["model"]] * a["tokens"] for a in attempts)
    up = sum(any(a["model"] == LARGE for a in row["attempts"]) for row in rows)
    low, high = _interval(right, total)
    spent = sum(a["seconds"] for a in attempts)
    print(
        f"{policy:10} {right:4}/{total} {right / total:6.1%} [{low:.1%}, {high:.1%}]  "
        f"{calls[SMALL]:5}/{calls[LARGE]:<5} {tokens:10,} {spent:9.0f} {compute / 1e12:16.1f} T {up / total:16.1%}"
    )


def _interval(right: int, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (Wilson 1927)."""
    z = 1.96
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return middle - half, middle + half


def _humaneval() -> list[Question]:
    questions = []
    for line in (DATA / "humaneval.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)

        def right(answer: Answer, row: dict[str, Any] = row) -> bool:
            code = python_code(answer.text, row["prompt"]) or ""
            program = f"{code}\n\n{row['test']}\n\ncheck({row['entry_point']})\nprint('passed')\n"
            run = run_python(program)
            return run.status == "ok" and run.stdout.endswith("passed\n")

        questions.append(Question(row["task_id"], _ASK_CODE.format(row["prompt"].strip()), "code", right))
    return questions


def _gsm8k() -> list[Question]:
    questions = []
    for line in (DATA / "gsm8k_test.jsonl").read_text("utf-8").splitlines()[:200]:
        row = json.loads(line)

        def right(answer: Answer, final: str = row["final"]) -> bool:
            return _number(answer.text) == float(final.replace(",", ""))

        questions.append(Question(row["id"], row["question"], "math", right))
    return questions


def _number(text: str) -> float | None:
    """Return the last number of the last box, or of the text."""
    boxes = re.findall(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}", text)
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?", boxes[-1] if boxes else text)
    return float(found[-1].replace(",", "")) if found else None


_QUESTIONS: dict[str, Callable[[], list[Question]]] = {"gsm8k": _gsm8k, "humaneval": _humaneval}

if __name__ == "__main__":
    main()
