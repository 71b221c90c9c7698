"""General requests: the general Qwen3 and Qwen3.5 models, thinking when the request is hard."""

from __future__ import annotations

import json

from qwen_router import Check, Generation, Request, Specialist
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
        """Reject an empty answer and, when JSON was asked for, one that isn't JSON."""
        if request.json_schema is not None and generation.finish_reason != "length":
            try:
                json.loads(generation.text)
            except ValueError as error:
                return Check(status="rejected", why=f"The answer is not the JSON that was asked for: {error}.")
            return Check(status="accepted", why="The answer is valid JSON.")
        return super().check(request, generation)
