"""Code: Qwen2.5-Coder and Qwen3-Coder, general thinking models for what is hard."""

from __future__ import annotations

from qwen_router import Check, Generation, Request, Sampling, Specialist, code_blocks
from qwen_router_plugins.checks.code import judge_code
from qwen_router_plugins.checks.examples import stated_examples
from qwen_router_plugins.specialists.families import GENERAL


class QwenCoder(Specialist):
    """Writes, explains and mends code. The models bring their own system prompt.

    Args:
        run_code: Whether the check may run an answer's Python in the sandbox.
    """

    name = "qwen_coder"
    task = "code"
    examples = (
        "Write a Python function that reverses a linked list",
        "Why does this code raise a KeyError?",
        "Convert this JavaScript function to TypeScript",
        "Write a SQL query that returns the ten newest orders",
        "Refactor this class to use dependency injection",
        "Write unit tests for the following function",
        "What does the `yield` keyword do in Python?",
        "Implement binary search in Rust",
        "Fix the segmentation fault in this C program",
        "Write a bash script that renames all .txt files",
        "Explain this regular expression",
        "Create a REST API endpoint in Go that returns JSON",
    )
    ladder = (
        "Qwen/Qwen3-Coder-Next",
        "Qwen/Qwen3-Coder-30B-A3B-Instruct",
        "Qwen/Qwen2.5-Coder-32B-Instruct",
        "Qwen/Qwen2.5-Coder-14B-Instruct",
        "Qwen/Qwen2.5-Coder-7B-Instruct",
        "Qwen/Qwen2.5-Coder-3B-Instruct",
        "Qwen/Qwen2.5-Coder-1.5B-Instruct",
        "Qwen/Qwen2.5-Coder-0.5B-Instruct",
    )
    stand_ins = GENERAL
    # Greedy, as in the Qwen2.5-Coder report.
    sampling = Sampling(temperature=0.0)

    def __init__(self, *, run_code: bool = False) -> None:
        self._run_code = run_code

    def parse(self, generation: Generation) -> Generation:
        """Read the fenced blocks."""
        return generation.model_copy(update={"code": code_blocks(generation.text)})

    def can_test(self, request: Request) -> bool:
        """Say whether the request states examples that may be run."""
        return self._run_code and bool(stated_examples(request.text))

    def check(self, request: Request, generation: Generation) -> Check:
        """Judge the code: it parses, is in the language asked for, and passes the examples that the request states."""
        return judge_code(request, generation, run=self._run_code)
