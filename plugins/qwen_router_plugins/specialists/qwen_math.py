"""Mathematics: Qwen2.5-Math for English and Chinese, general thinking models for the rest and for what is hard."""

from __future__ import annotations

from qwen_router import Check, Generation, Request, Sampling, Specialist, boxed
from qwen_router_plugins.specialists.families import EMBEDDED, GENERAL


class QwenMath(Specialist):
    """Reasons step by step to a boxed answer. The prompt is that of the Qwen2.5-Math model card."""

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

    def parse(self, generation: Generation) -> Generation:
        """Read the last boxed answer."""
        return generation.model_copy(update={"final": boxed(generation.text)})

    def check(self, request: Request, generation: Generation) -> Check:
        """Accept an answer that came to a boxed result; a proof or an explanation has none, so abstain."""
        if not generation.text.strip():
            return Check(status="rejected", why="The model answered nothing.")
        if generation.final == "":
            return Check(status="rejected", why="The box for the result is empty.")
        if generation.final is None:
            return Check(status="abstained", why="There is no boxed result to judge.")
        return Check(status="accepted", why=f"The result is boxed: {generation.final}")
