"""Judges the code of an answer: does it parse, is it what was asked for, and does it do what the request states?"""

from __future__ import annotations

import ast
import secrets
from collections.abc import Sequence

from qwen_router import Check, Generation, Request
from qwen_router_plugins.checks.examples import Example, signature, stated_examples
from qwen_router_plugins.checks.grammar import first_fault, judges
from qwen_router_plugins.checks.imports import missing_modules
from qwen_router_plugins.checks.languages import canonical, unasked_language
from qwen_router_plugins.checks.program import Report, Trial, check_program, read_report
from qwen_router_plugins.checks.python_code import python_code
from qwen_router_plugins.checks.repetition import repetition
from qwen_router_plugins.sandbox import Limits, Run, run_python

_LIMITS = Limits(wall_seconds=10.0, cpu_seconds=8)
_SHOWN = 3


def judge_code(request: Request, generation: Generation, *, run: bool) -> Check:
    """Judge an answer to a request for code, the cheap tests first.

    Args:
        run: Whether its Python may be run in the sandbox.
    """
    text = generation.text
    if not text.strip():
        return Check(status="rejected", why="The model answered nothing.")
    if loop := repetition(text, request.text):
        return Check(status="rejected", why=f"The answer repeats itself {loop.times} times: {loop.unit[:40]!r}.")
    cut = generation.finish_reason == "length"
    if other := unasked_language(request.text, generation.code):
        why = f"The code is in {other}, which nobody asked for."
        return Check(status="rejected", why=why, feedback="Write it in the language that was asked for.")
    for block in generation.code:
        language = canonical(block.language)
        if language != "python" and judges(language) and (fault := first_fault(block.text, language)):
            if cut:
                return Check(status="abstained", why="The code was cut at the token limit.")
            why = f"The {block.language} code doesn't parse: line {fault.line}, {fault.what}."
            return Check(status="rejected", why=why, feedback=f"{why} Correct it and give the whole code.")
    code = python_code(text, request.text)
    if code is None:
        parsed = [b for b in generation.code if judges(canonical(b.language))]
        if parsed:
            return Check(status="accepted", why=f"The {parsed[0].language} code parses.")
        return Check(status="abstained", why="There is no code that can be judged.")
    return _judge_python(request, code, cut=cut, run=run)


def _judge_python(request: Request, code: str, *, cut: bool, run: bool) -> Check:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        if cut:
            return Check(status="abstained", why="The code was cut at the token limit.")
        why = f"The Python code doesn't parse: {error}."
        return Check(status="rejected", why=why, feedback=f"{why} Correct it and give the whole code.")
    if not run:
        missing = missing_modules(code, request.text)
        hint = f" It imports {', '.join(missing)}, not installed here." if missing else ""
        return Check(status="accepted", why=f"The Python code parses.{hint}")
    examples = stated_examples(request.text, _only_function(request, tree))
    nonce = secrets.token_hex(8)
    ran = run_python(check_program(code, examples, nonce), limits=_LIMITS)
    return _judge_run(read_report(ran.stdout, examples, nonce), ran, examples)


def _judge_run(report: Report, ran: Run, examples: Sequence[Example]) -> Check:
    if report.lacks:
        return Check(status="abstained", why=f"The code needs {report.lacks}, which the sandbox doesn't have.")
    wrong = [t for t in report.trials if t.status in ("failed", "raised")]
    passed = [t for t in report.trials if t.status == "passed"]
    if report.loading:
        return Check(
            status="rejected",
            why=f"The code fails when it is run: {report.loading}.",
            feedback=f"Running the code gives {report.loading}. Correct it and give the whole code.",
        )
    if wrong:
        return Check(
            status="rejected",
            why=f"{len(wrong)} of {len(examples)} examples of the request fail: {_told(wrong[0])}.",
            decisive=True,
            feedback=_feedback(wrong),
        )
    if ran.status in ("timeout", "memory", "output"):
        return Check(
            status="rejected",
            why=f"The code doesn't come to an end: {ran.status} after {ran.seconds:.0f} s.",
            decisive=True,
            feedback="The code doesn't come to an end on the examples of the request. Correct it and give all of it.",
        )
    if passed and len(passed) == len(examples):
        many = "The example of the request passes." if len(passed) == 1 else f"All {len(passed)} examples pass."
        return Check(status="accepted", why=many, decisive=True)
    if passed:
        return Check(status="accepted", why=f"{len(passed)} of {len(examples)} examples pass; the others don't apply.")
    return Check(status="accepted", why="The code runs; the request states no example to try it on.")


def _only_function(request: Request, tree: ast.Module) -> str | None:
    """Return the answer's function where the request names none and there is no doubt."""
    if signature(request.text) is not None:
        return None
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return names[0] if len(names) == 1 else None


def _feedback(wrong: Sequence[Trial]) -> str:
    lines = "\n".join(f"- {_told(trial)}" for trial in wrong[:_SHOWN])
    return (
        f"I ran your code on the examples. These fail:\n{lines}\n"
        "Find the mistake, then give the whole corrected code in one block."
    )


def _told(trial: Trial) -> str:
    example = trial.example
    expected = f"raises {example.expected}" if example.kind == "raises" else f"should give {example.expected}"
    got = f"it raised {trial.got}" if trial.status == "raised" else f"it gave {trial.got}"
    return f"`{example.call}` {expected}, but {got}"
