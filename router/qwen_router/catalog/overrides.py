"""The operator's rows: models changed or added in the configuration's `[catalogue]`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from qwen_router.catalog.model import EmbeddedParts, GgufFile, Model
from qwen_router.errors import ConfigError, UnknownModel
from qwen_router.request import Sampling
from qwen_router.suggestion import nearest

if TYPE_CHECKING:
    from qwen_router.catalog.catalogue import Catalogue

_LIKE = "like"
# What names files of one model: another model's would be loaded in its place.
_FILES = ("gguf", "quantized", "modelscope_id", "ollama")
_TABLES: dict[str, type[BaseModel]] = {
    "gguf": GgufFile,
    "embedded": EmbeddedParts,
    "sampling": Sampling,
    "thinking_sampling": Sampling,
}


def override(
    shipped: Catalogue, rows: Mapping[str, Mapping[str, Any]], tasks: Collection[str] | None
) -> tuple[Model, ...]:
    """Return the shipped models, changed by the rows of their id, and then the new ones.

    A row of a known id changes the fields it gives; a table such as `sampling` keeps its other entries. A new id gives
    every field that has no default, or names in `like` the model to take the others from. What belongs to that model
    alone is not taken: its GGUF and quantized files, its ids on ModelScope and Ollama.

    Args:
        tasks: The tasks that `tasks` of a row may name; `None` takes any.

    Raises:
        ConfigError: The first fault, with its row, its key and the fix.
    """
    models = dict(shipped)
    for id_, row in rows.items():
        models[id_] = _model(id_, row, models, shipped)
        unknown = next((t for t in models[id_].tasks if tasks is not None and t not in tasks), None)
        if unknown is not None:
            raise ConfigError(
                f"{_key(id_, 'tasks')} names {unknown!r}, which no specialist serves.",
                f"Tasks: {', '.join(sorted(tasks or ()))}.",
            )
    return tuple(models.values())


def _model(id_: str, row: Mapping[str, Any], models: Mapping[str, Model], shipped: Catalogue) -> Model:
    given = {key: value for key, value in row.items() if key != _LIKE}
    if given.get("id", id_) != id_:
        raise ConfigError(f"{_key(id_, 'id')} is {given['id']!r}.", "Leave it out: the row's own name is the id.")
    if id_ in models:
        if _LIKE in row:
            raise ConfigError(f"{_key(id_, _LIKE)}: the catalogue holds {id_} already.", "Leave `like` out.")
        base = models[id_].model_dump()
    elif _LIKE in row:
        base = _other(id_, row[_LIKE], models, shipped).model_dump(exclude=set(_FILES))
    else:
        base = {}
    try:
        return Model.model_validate({**_merged(base, given), "id": id_})
    except ValidationError as error:
        raise ConfigError(*_explain(id_, error, shipped)) from None


def _other(id_: str, like: Any, models: Mapping[str, Model], shipped: Catalogue) -> Model:
    if isinstance(like, str):
        if like in models:
            return models[like]
        try:
            return models[shipped.find(like).id]
        except UnknownModel as error:
            raise ConfigError(f"{_key(id_, _LIKE)} names no model: {like!r}.", error.fix) from None
    raise ConfigError(f"{_key(id_, _LIKE)} = {like!r} is not valid.", "It should be the id of a model.")


def _merged(base: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the given values, table by table."""
    merged = dict(base)
    for key, value in given.items():
        known = merged.get(key)
        merged[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return merged


def _explain(id_: str, error: ValidationError, shipped: Catalogue) -> tuple[str, str]:
    """Turn the first fault into what and fix; a field that is not known goes before one that is missing."""
    faults = error.errors()
    first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    path = first["loc"]
    if first["type"] == "extra_forbidden":
        return f"{_key(id_, *path)}: unknown key.", nearest(str(path[-1]), _fields(path[:-1]))
    if first["type"] == "missing" and len(path) == 1:
        missing = [str(fault["loc"][0]) for fault in faults if fault["type"] == "missing"]
        near = difflib.get_close_matches(id_, list(shipped), n=1, cutoff=0.7)
        hint = f" If you meant {near[0]}, write that." if near else ""
        return (
            f"{_key(id_)} is a new model and lacks {', '.join(missing)}.",
            f"Give them, or `like` with the id of a model that has the same.{hint}",
        )
    if first["type"] == "missing":
        return f"{_key(id_, *path)} is missing.", "Give it."
    fix = first["msg"].replace("Input should be", "It should be", 1)
    return f"{_key(id_, *path)} = {first['input']!r} is not valid.", f"{fix}."


def _fields(path: Iterable[int | str]) -> Iterable[str]:
    """Return the names that the table at `path` knows."""
    tables = [_TABLES[part] for part in path if isinstance(part, str) and part in _TABLES]
    return tables[-1].model_fields if tables else (*Model.model_fields, _LIKE)


def _key(id_: str, *path: int | str) -> str:
    """Return the name of a key as it stands in the file."""
    return ".".join((f'catalogue."{id_}"', *map(str, path)))
