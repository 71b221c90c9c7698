"""Measures how long the checks take: `checks.py --answers answers.jsonl`, over answers that `quality.py` has kept.

The same answers are judged without and with the sandbox; a first call of each, which starts what stays, is left out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from questions import QUESTIONS, Question

from qwen_router import Generation, Request, Settings
from qwen_router_plugins.specialists import specialists


def main() -> None:
    """Print p50 and p95 of each kind of check, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=Path, default=Path("answers.jsonl"))
    parser.add_argument("--limit", type=int, default=150, help="answers of each benchmark")
    args = parser.parse_args()
    if not args.answers.exists():
        parser.error(f"there is no {args.answers}; quality.py writes it")
    answers = [json.loads(line)["text"] for line in args.answers.read_text("utf-8").splitlines()]
    code = [text for text in answers if "def " in text]
    boxes = [text for text in answers if "\\boxed" in text] or ["So the result is \\boxed{\\frac{1}{2}}."]
    print("check                         answers   p50 ms   p95 ms")
    for name, texts, benchmark in (("code", code, "humaneval"), ("mathematics", boxes, "math")):
        questions = QUESTIONS[benchmark]()[: args.limit]
        for mode in ("off", "sandbox"):
            check = _check(questions[0].task, mode)
            _print(f"{name}, code {mode}", _times(check, questions, texts))


def _check(task: str, mode: str) -> Callable[[Question, str], None]:
    settings = Settings(security={"code_execution": mode})  # type: ignore[arg-type]
    specialist = next(s for s in specialists(settings) if s.task == task)

    def check(question: Question, text: str) -> None:
        specialist.check(Request.of(question.text), specialist.parse(Generation(text=text)))

    return check


def _times(check: Callable[[Question, str], None], questions: list[Question], texts: list[str]) -> list[float]:
    check(questions[0], texts[0])
    times = []
    for question, text in zip(questions, texts, strict=False):
        started = time.perf_counter()
        check(question, text)
        times.append(1000 * (time.perf_counter() - started))
    return sorted(times)


def _print(name: str, times: list[float]) -> None:
    print(f"{name:28} {len(times):8} {statistics.median(times):8.1f} {times[int(0.95 * len(times))]:8.1f}")


if __name__ == "__main__":
    main()
