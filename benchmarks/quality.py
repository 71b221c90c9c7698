"""Measures how often the router is right, at what cost: `quality.py {humaneval|gsm8k|math|mgsm} --limit N --seed S`.

Answers are greedy and kept by model and prompt (`--answers`), so an interruption loses nothing and a changed policy
asks the models only what is new. The policies are: always the small model, always the large one, the router without
checks, and the router with them.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from questions import QUESTIONS, Question
from recording import Record, RecordingBackend

from qwen_router import Hints, Router, Sampling
from qwen_router.catalog import load_catalogue

SMALL, LARGE = "Qwen/Qwen2.5-Coder-0.5B-Instruct", "Qwen/Qwen2.5-Coder-1.5B-Instruct"
_OFF = {"enabled": False}


def main() -> None:
    """Print a table of accuracy and cost, one row a policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", choices=sorted(QUESTIONS))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=0, help="draws the rows when there is a limit")
    parser.add_argument("--policy", default="small,large,unchecked,checked")
    parser.add_argument("--answers", type=Path, default=Path("answers.jsonl"))
    parser.add_argument("--out", type=Path, help="where the result of each row goes, as JSON lines")
    parser.add_argument("--models", type=Path, help="a directory with the GGUF files; else the embedded ones")
    parser.add_argument("--parallel", type=int, default=1, help="rows at once: faster, but last bits may differ")
    parser.add_argument("--plot", type=Path, help="where to draw quality against cost, as PNG")
    args = parser.parse_args()
    questions = QUESTIONS[args.benchmark]()
    if args.limit is not None and args.limit < len(questions):
        questions = sorted(random.Random(args.seed).sample(questions, args.limit), key=lambda q: q.id)
    print("policy      right               calls small/large   tokens   parameters x tokens   rows to large")
    results = {}
    for policy in args.policy.split(","):
        rows = _run(policy, questions, args)
        if args.out:
            with args.out.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps({"policy": policy, **row}) + "\n" for row in rows)
        results[policy] = _print(policy, rows)
    if args.plot:
        _draw(args.benchmark, results, args.plot)


def _run(policy: str, questions: list[Question], args: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    with _router(policy, args) as router, ThreadPoolExecutor(args.parallel) as threads:
        for row in threads.map(lambda question: _row(router, policy, question), questions):
            rows.append(row)
            if sys.stderr.isatty():
                right = sum(row["right"] for row in rows)
                print(f"\r{policy}: {len(rows)}/{len(questions)}, {right} right", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return rows


def _row(router: Router, policy: str, question: Question) -> dict[str, Any]:
    hints = Hints(task=question.task, model={"small": SMALL, "large": LARGE}.get(policy))
    answer = router.invoke(question.text, hints=hints, sampling=Sampling(temperature=0.0, max_new_tokens=640))
    attempts = [
        {
            "model": a.choice.winner.model,
            "tokens": a.usage.output_tokens,
            "check": a.check.status,
            "why": a.check.why,
        }
        for a in answer.decision.attempts
    ]
    return {"id": question.id, "right": question.right(answer), "attempts": attempts}


def _router(policy: str, args: argparse.Namespace) -> Router:
    sources = {"sources": ["local"], "directories": [str(args.models)]} if args.models else {"sources": ["embedded"]}
    return Router.from_config(
        plugins=[RecordingBackend(Record(args.answers), args.parallel)],
        weights=sources,
        backends={"llama_cpp": {"enabled": False, "parallel": args.parallel}, "transformers": _OFF, "openai_api": _OFF},
        sizing={"learn": False, "context": 4096},
        traces={"enabled": False},
        escalation={"max_attempts": 4 if policy == "checked" else 1},
        security={"code_execution": "sandbox" if policy == "checked" else "off"},
    )


def _print(policy: str, rows: list[dict[str, Any]]) -> tuple[float, float, float, float]:
    """Print a policy's line; return its cost, its share of right answers and the interval's ends."""
    total, right = len(rows), sum(row["right"] for row in rows)
    attempts = [a for row in rows for a in row["attempts"]]
    calls = Counter(a["model"] for a in attempts)
    tokens = sum(a["tokens"] for a in attempts)
    parameters = {name: load_catalogue()[name].parameters for name in calls}
    compute = sum(parameters[a["model"]] * a["tokens"] for a in attempts)
    up = sum(any(a["model"] == LARGE for a in row["attempts"]) for row in rows)
    low, high = _interval(right, total)
    print(
        f"{policy:10} {right:4}/{total} {right / total:6.1%} [{low:.1%}, {high:.1%}]  "
        f"{calls[SMALL]:5}/{calls[LARGE]:<5} {tokens:10,} {compute / 1e12:16.1f} T {up / total:16.1%}"
    )
    return compute, right / total, low, high


def _draw(benchmark: str, results: dict[str, tuple[float, float, float, float]], path: Path) -> None:
    import matplotlib.pyplot as plt

    largest = results["large"][0] if "large" in results else max(cost for cost, *_ in results.values())
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    # Policies that came to the same are one point.
    for cost, share, low, high in dict.fromkeys(results.values()):
        policies = ", ".join(name for name, result in results.items() if result == (cost, share, low, high))
        errors = [[100 * (share - low)], [100 * (high - share)]]
        axes.errorbar(cost / largest, 100 * share, yerr=errors, fmt="o", capsize=4)
        axes.annotate(policies, (cost / largest, 100 * share), xytext=(8, -3), textcoords="offset points")
    axes.set_xlabel("parameters x tokens, relative to always the large model")
    axes.set_ylabel("right answers, %")
    axes.set_title(f"{benchmark}: quality and cost (95 % intervals)")
    axes.set_xlim(0, 1.3 * max(cost for cost, *_ in results.values()) / largest)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def _interval(right: int, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (Wilson 1927)."""
    z = 1.96
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return middle - half, middle + half


if __name__ == "__main__":
    main()
