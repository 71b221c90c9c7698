"""What the plugins brought: specialists, backends, weight sources."""

from __future__ import annotations

from dataclasses import dataclass

import pluggy

from qwen_router.backend import Backend, WeightSource
from qwen_router.config import Settings
from qwen_router.errors import UnknownTask
from qwen_router.manager import collect
from qwen_router.specialist import Specialist


@dataclass(frozen=True)
class Registry:
    """Specialists by task, backends and weight sources by name."""

    specialists: dict[str, Specialist]
    backends: dict[str, Backend]
    weight_sources: dict[str, WeightSource]

    @classmethod
    def of(cls, manager: pluggy.PluginManager, settings: Settings) -> Registry:
        """Ask every plugin once. For one task, the specialist registered last serves it."""
        specialists = collect(manager, "specialists", Specialist, settings)
        # mypy takes an abstract class for one that will be instantiated.
        backends = collect(manager, "backends", Backend, settings)  # type: ignore[type-abstract]
        sources = collect(manager, "weight_sources", WeightSource, settings)  # type: ignore[type-abstract]
        return cls({s.task: s for s in specialists.values()}, backends, sources)

    def specialist(self, task: str) -> Specialist:
        """Return the specialist of a task.

        Raises:
            UnknownTask: There is none; the message lists the tasks.
        """
        if found := self.specialists.get(task):
            return found
        raise UnknownTask(f"There is no task {task!r}.", f"Tasks: {', '.join(sorted(self.specialists))}.")
