"""Images: Qwen3-VL and Qwen2.5-VL."""

from __future__ import annotations

from qwen_router import Check, Generation, Request, Specialist
from qwen_router_plugins.checks.refusing import SEEING, refuses
from qwen_router_plugins.checks.text import judge_text


class QwenVL(Specialist):
    """Answers questions about images."""

    name = "qwen_vl"
    task = "vision"
    examples = (
        "What is in this picture?",
        "Read the text on the sign in the photo",
        "How many people are in the image?",
        "Describe this chart",
        "What brand is shown on the label?",
        "Extract the table from this screenshot",
        "What time does the clock in the photo show?",
        "Compare these two images",
        "Which colour is the car in the picture?",
        "Write a caption for this photo",
        "What does the handwritten note say?",
        "Where is the cat in the image?",
    )
    ladder = (
        "Qwen/Qwen3-VL-32B-Instruct",
        "Qwen/Qwen3-VL-30B-A3B-Instruct",
        "Qwen/Qwen3-VL-8B-Instruct",
        "Qwen/Qwen3-VL-4B-Instruct",
        "Qwen/Qwen3-VL-2B-Instruct",
        "Qwen/Qwen2.5-VL-32B-Instruct",
        "Qwen/Qwen2.5-VL-7B-Instruct",
        "Qwen/Qwen2.5-VL-3B-Instruct",
        "Qwen/Qwen2-VL-7B-Instruct",
        "Qwen/Qwen2-VL-2B-Instruct",
    )
    modalities = frozenset({"text", "image"})

    def check(self, request: Request, generation: Generation) -> Check:
        """Reject an answer that refuses to look at an image that was sent."""
        if "image" in request.modalities and refuses(generation.text, SEEING):
            return Check(status="rejected", why="The model says that it can't see the image.")
        return judge_text(request, generation)
