"""General requests: the general Qwen3 and Qwen3.5 models, thinking when the request is hard."""

from __future__ import annotations

from qwen_router import Check, Generation, Request, Specialist
from qwen_router_plugins.checks.text import judge_text
from qwen_router_plugins.specialists.families import EMBEDDED, GENERAL


class Qwen3(Specialist):
    """Answers whatever no other specialist is for."""

    name = "qwen3"
    task = "general"
    examples = (
        "What is the capital of Australia?",
        "Write a polite e-mail that declines an invitation",
        "Summarise this article in three sentences",
        "Who was Marie Curie?",
        "Translate this sentence into German",
        "What should I cook tonight with rice and eggs?",
        "Explain photosynthesis to a ten-year-old",
        "Give me ideas for a birthday present",
        "What are the main causes of the First World War?",
        "Tell me a short story about a lighthouse",
        "How do I get a red wine stain out of a shirt?",
        "What is the difference between a virus and a bacterium?",
    )
    ladder = (*GENERAL, "Qwen/Qwen2.5-7B-Instruct",
              "Qwen/Qwen2.5-1.5B-Instruct", "Qwen/Qwen2.5-0.5B-Instruct")  # fmt: skip
    stand_ins = EMBEDDED

    def check(self, request: Request, generation: Generation) -> Check:
        """Judge the form of the answer: whole, no loop, in the request's language, JSON where that was asked for."""
        return judge_text(request, generation)
