"""Mathematics: Qwen2.5-Math for English and Chinese, general thinking models for the rest and for what is hard."""

from __future__ import annotations

from langchain_core.messages import BaseMessage

from qwen_router import Check, FollowUp, Generation, Request, Sampling, Specialist, boxed
from qwen_router_plugins.checks.mathematics import ALGEBRA, is_word_problem, judge_mathematics, same_result
from qwen_router_plugins.checks.text import judge_text
from qwen_router_plugins.specialists.families import EMBEDDED, GENERAL
from qwen_router_plugins.specialists.program_rounds import OUTPUT, PROGRAM, output_of


class QwenMath(Specialist):
    """Reasons step by step to a boxed answer. The prompt is that of the Qwen2.5-Math model card.

    Args:
        run_code: Whether a program that the model writes may be run in the sandbox.
    """

    name = "qwen_math"
    task = "math"
    examples = (
        "Find the derivative of f(x) = x^2 sin(x)",
        "Solve 3x + 7 = 22 for x",
        "What is 17% of 340?",
        "Evaluate the integral of 1/x from 1 to e",
        "A train travels 240 km in 3 hours. What is its average speed?",
        "Prove that the square root of 2 is irrational",
        "What is the probability of rolling two sixes in a row?",
        "Find the eigenvalues of the matrix [[2, 1], [1, 2]]",
        "How many ways can 5 people sit around a round table?",
        "Compute 48 * 27 + 15",
        "Simplify (x^2 - 9)/(x - 3)",
        "The sum of two numbers is 30 and their difference is 4. Find the numbers.",
    )
    ladder = (
        "Qwen/Qwen2.5-Math-72B-Instruct",
        "Qwen/Qwen2.5-Math-7B-Instruct",
        "Qwen/Qwen2.5-Math-1.5B-Instruct",
    )
    stand_ins = ("Qwen/QwQ-32B", *GENERAL, *EMBEDDED)
    # Greedy, as in the Qwen2.5-Math report.
    sampling = Sampling(temperature=0.0)
    system = "Please reason step by step, and put your final answer within \\boxed{}."

    def __init__(self, *, run_code: bool = False) -> None:
        self._run_code = run_code

    def messages(self, request: Request) -> list[BaseMessage]:
        """Ask for a program where one is likely to find the result and may be run, else for reasoning."""
        # It takes a second to start, the model longer to answer.
        ALGEBRA.start()
        return self.under(PROGRAM if self._writes_program(request) else self.system, request.messages)

    def follow_up(self, request: Request, generation: Generation) -> FollowUp | None:
        """Return the output of the program."""
        return output_of(generation.text) if self._writes_program(request) else None

    def parse(self, generation: Generation) -> Generation:
        """Read the last boxed answer."""
        return generation.model_copy(update={"final": boxed(generation.text)})

    def same_result(self, first: Generation, second: Generation) -> bool | None:
        """Say whether two boxed results are equal."""
        return same_result(first, second)

    def check(self, request: Request, generation: Generation) -> Check:
        """Judge the boxed result: it can be read, and satisfies the equation that was to be solved."""
        check = judge_text(request, generation)
        if check.status == "rejected" or request.json_schema is not None:
            return check
        if generation.final is None and OUTPUT in generation.text:
            return Check(status="rejected", why="The program came to no result.")
        return judge_mathematics(request, generation)

    def _writes_program(self, request: Request) -> bool:
        return self._run_code and request.json_schema is None and is_word_problem(request.text)
