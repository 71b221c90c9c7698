"""Joins the answers of a compound request under headings."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router.types import Plan, Step

SEPARATOR = "\n\n"
_LONGEST_HEADING = 70


def heading(step: Step) -> str:
    """Return a step's heading in Markdown: its prompt on one line, cut at a word."""
    line = " ".join(step.prompt.split())
    if len(line) > _LONGEST_HEADING:
        line = line[: _LONGEST_HEADING - 1].rsplit(" ", 1)[0] + "…"
    return f"### {step.id}. {line}{SEPARATOR}"


def join(plan: Plan, texts: Sequence[str]) -> str:
    """Return one step's answer as it is, several under their headings.

    Args:
        texts: The answers, in the order of the plan's steps.
    """
    if len(texts) == 1:
        return texts[0]
    return SEPARATOR.join(heading(step) + text for step, text in zip(plan.steps, texts, strict=True))
