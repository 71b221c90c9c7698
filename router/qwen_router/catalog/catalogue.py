"""The catalogue: every model the router knows, by id."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import TypeAdapter

from qwen_router.catalog.model import Model
from qwen_router.errors import UnknownModel

FILE = Path(__file__).with_name("qwen_family.json")


class Catalogue(Mapping[str, Model]):
    """Models by id, in the family's order: newest first."""

    def __init__(self, models: tuple[Model, ...]) -> None:
        self._models = {model.id: model for model in models}
        self._names = {model.name.lower(): model.id for model in models}

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


@functools.cache
def load_catalogue() -> Catalogue:
    """Read the shipped catalogue; the first call takes milliseconds, later ones nothing."""
    return Catalogue(TypeAdapter(tuple[Model, ...]).validate_json(FILE.read_bytes()))
