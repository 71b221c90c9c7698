"""Says why a plan can't run, whoever made it."""

from __future__ import annotations

from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter

from qwen_router.types import Plan, Task


def fault_of(plan: Plan, tasks: Collection[Task], most: int) -> str | None:
    """Return in one line what is wrong with a plan; `None` when it can run.

    Args:
        tasks: What there are specialists for.
        most: How many steps are allowed.
    """
    if len(plan.steps) > most:
        return f"The plan has {len(plan.steps)} steps; router.max_steps allows {most}."
    known: set[str] = set()
    for step in plan.steps:
        if step.id in known:
            return f"The plan's step {step.id} is given twice."
        if step.task not in tasks:
            return f"The plan's step {step.id} is for the task {step.task!r}, which no specialist serves."
        if not step.prompt.strip():
            return f"The plan's step {step.id} asks for nothing."
        known.add(step.id)
    for step in plan.steps:
        if unknown := sorted(set(step.needs) - known):
            return f"The plan's step {step.id} needs the step {unknown[0]}, which isn't there."
    try:
        TopologicalSorter({step.id: step.needs for step in plan.steps}).prepare()
    except CycleError as error:
        return f"The plan's steps need each other in a circle: {' needs '.join(reversed(error.args[1]))}."
    return None
