"""Joins the answers of a compound request: under headings, or as one text that a general model makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router import languages
from qwen_router.types import Plan, Step

SEPARATOR = "\n\n"
_LONGEST_HEADING = 70
_MERGE = (
    "These are the answers to the parts of one request. Make one coherent answer of them, in the language of the "
    "request and in the order of its parts. Keep every result, every quotation and every code block exactly as it is. "
    "Add nothing and leave nothing out. The request:\n\n"
)


def heading(step: Step) -> str:
    """Return a step's heading in Markdown: its language, or its prompt on one line, cut at a word."""
    if step.language:
        return languages.heading(step.language) + SEPARATOR
    line = " ".join(step.prompt.split())
    if len(line) > _LONGEST_HEADING:
        line = line[: _LONGEST_HEADING - 1].rsplit(" ", 1)[0] + "…"
    return f"### {step.id}. {line}{SEPARATOR}"


def with_merger(plan: Plan, request: str) -> Plan:
    """Return the plan with a last step that makes one answer of the others.

    Args:
        request: What was asked as a whole.
    """
    ids = tuple(step.id for step in plan.steps)
    # Joined ids are longer than any of them, so no step is called the same.
    merger = Step(id="+".join(ids), task="general", prompt=_MERGE + request, needs=ids)
    return plan.model_copy(update={"steps": (*plan.steps, merger), "merged": True})


def join(plan: Plan, texts: Sequence[str]) -> str:
    """Return one step's answer as it is, several under their headings, or the one that merges them.

    Args:
        texts: The answers, in the order of the plan's steps.
    """
    if len(texts) == 1 or plan.merged:
        return texts[-1]
    return SEPARATOR.join(heading(step) + text for step, text in zip(plan.steps, texts, strict=True))
