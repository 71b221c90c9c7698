"""The catalogue: every model the router knows, by id."""

from __future__ import annotations

import difflib
import functools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from qwen_router.catalog.model import Model
from qwen_router.errors import UnknownModel

FILE = Path(__file__).with_name("qwen_family.json")


class Catalogue(Mapping[str, Model]):
    """Models by id, in the family's order: newest first, then what the operator added."""

    def __init__(self, models: tuple[Model, ...]) -> None:
        self._models = {model.id: model for model in models}
        self._names = {model.name.lower(): model.id for model in models}
        self._by_task: defaultdict[str, list[Model]] = defaultdict(list)
        for model in models:
            for task in model.tasks:
                self._by_task[task].append(model)

    def __getitem__(self, key: str) -> Model:
        return self._models[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def find(self, name: str) -> Model:
        """Return a model by id, or by its name without the organisation, in any case.

        Raises:
            UnknownModel: There is none; the message names the nearest.
        """
        if name in self._models:
            return self._models[name]
        if found := self._names.get(name.lower().rpartition("/")[2]):
            return self._models[found]
        near = difflib.get_close_matches(name.lower().rpartition("/")[2], list(self._names), n=2, cutoff=0.5)
        fix = f"Did you mean {' or '.join(self._names[n] for n in near)}?" if near else "See `qwen-router models`."
        raise UnknownModel(f"The catalogue has no model {name!r}.", fix)

    def for_task(self, task: str) -> tuple[Model, ...]:
        """Return the models whose own row says that the specialist of `task` may choose them."""
        return tuple(self._by_task.get(task, ()))


def load_catalogue(
    overrides: Mapping[str, Mapping[str, Any]] | None = None, tasks: Collection[str] | None = None
) -> Catalogue:
    """Read the shipped catalogue; the first call takes milliseconds, later ones nothing.

    Args:
        overrides: The operator's rows by id; see `qwen_router.catalog.overrides`.
        tasks: The tasks there are; `None` takes any.

    Raises:
        ConfigError: A row of `overrides` is wrong.
    """
    if not overrides:
        return _shipped()
    from qwen_router.catalog.overrides import override

    return Catalogue(override(_shipped(), overrides, tasks))


@functools.cache
def _shipped() -> Catalogue:
    return Catalogue(TypeAdapter(tuple[Model, ...]).validate_json(FILE.read_bytes()))
