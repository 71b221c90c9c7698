"""Splits a request that asks for several things into steps."""

from __future__ import annotations

import re
from collections.abc import Callable

from qwen_router import Classification, Plan, Request, Settings, Step, hookimpl

_NUMBERED = re.compile(r"(?<!\S)\(?(\d{1,2})[.)]\s+(?=\S)")
_ENDS = "\n.!?:;。！？：；"
_REFERS_BACK = re.compile(
    r"\b(?:(?:that|this|the) (?:result|answer|number|value|function|code|text|output)|the above|step \d|part \d)\b",
    re.IGNORECASE,
)


@hookimpl
def plan(
    request: Request,
    classify_text: Callable[[str], Classification],
    settings: Settings,
) -> Plan | None:
    """Split a numbered list whose parts are for different specialists; leave everything else whole.

    A part that speaks of an earlier result needs the part before it.
    """
    if request.modalities != ("text",):
        return None
    parts = _numbered_parts(request.text)
    if not 2 <= len(parts) <= settings.router.max_steps:
        return None
    tasks = [classify_text(part).task for part in parts]
    if len(set(tasks)) < 2:
        return None
    return Plan(
        steps=tuple(
            Step(
                id=str(i),
                task=task,
                prompt=part,
                needs=(str(i - 1),) if i > 1 and _REFERS_BACK.search(part) else (),
            )
            for i, (part, task) in enumerate(zip(parts, tasks, strict=True), start=1)
        )
    )


def _numbered_parts(text: str) -> list[str]:
    """Return the items of a list numbered 1, 2, 3 and so on; none when nothing is numbered."""
    marks: list[re.Match[str]] = []
    for mark in _NUMBERED.finditer(text):
        if int(mark[1]) == len(marks) + 1 and _starts_something(text, mark.start()):
            marks.append(mark)
    ends = [*(m.start() for m in marks[1:]), len(text)]
    return [text[m.end() : end].strip() for m, end in zip(marks, ends, strict=False)]


def _starts_something(text: str, at: int) -> bool:
    """Tell a list's number from one inside a sentence: before it is nothing, a line end, or the end of a sentence."""
    before = text[:at].rstrip(" \t")
    return not before or before[-1] in _ENDS
