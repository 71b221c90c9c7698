"""Which models may serve a task."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_router.catalog import Catalogue, Model
from qwen_router.specialist import Specialist


def serving(catalogue: Catalogue, specialist: Specialist) -> Iterator[tuple[Model, bool]]:
    """Yield each model that may serve a specialist's task, once, and whether it is one of its own.

    Its own are its ladder and what the catalogue's rows assign to the task; stand-ins come last.
    """
    own = [*map(catalogue.find, specialist.ladder), *catalogue.for_task(specialist.task)]
    found = {model.id: (model, True) for model in own}
    for model in map(catalogue.find, specialist.stand_ins):
        found.setdefault(model.id, (model, False))
    yield from found.values()
