"""A directory of safetensors as transformers loads it: which files belong to it, and whether it is whole."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

from qwen_router.catalog import Model

CONFIG = "config.json"
_WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_WANTED = (".safetensors", ".json", ".jinja", ".tiktoken")
_PLAIN = re.compile(r"[\w.-]+", re.ASCII)
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")

PICKLE_FIX = "Convert them to safetensors, or use a model that has them: loading a pickle file can run any code."


def is_wanted(name: str) -> bool:
    """Say whether a file of a repository is needed: weights, tokenizer, configuration or processor; never code.

    A name that could lead out of the directory on any system is not.
    """
    return bool(_PLAIN.fullmatch(name)) and (name.endswith(_WANTED) or name == "merges.txt")


def is_weights(name: str) -> bool:
    """Say whether a file holds weights in the one format that is loaded."""
    return name.endswith(".safetensors")


def is_pickle(name: str) -> bool:
    """Say whether a file may be a pickle, which runs code when it is loaded."""
    return name.endswith(_PICKLES)


def lacking(directory: Path, model: Model) -> str | None:
    """Name the first file that `directory` lacks to be a checkpoint of `model`; `None` when it is whole."""
    if not (directory / CONFIG).is_file():
        return CONFIG
    if not (directory / _WEIGHTS).is_file():
        try:
            status = (directory / _INDEX).stat()
            shards = _shards(directory / _INDEX, (status.st_mtime_ns, status.st_size))
        except FileNotFoundError:
            return _WEIGHTS
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return f"a readable {_INDEX}"
        for shard in shards:
            if not (directory / shard).is_file():
                return shard
    if not (directory / "tokenizer.json").is_file() and not (directory / "vocab.json").is_file():
        return "tokenizer.json"
    processors = ("preprocessor_config.json", "processor_config.json")
    if model.modalities != ("text",) and not any((directory / name).is_file() for name in processors):
        return processors[0]
    return None


def has_only_pickles(directory: Path) -> bool:
    """Say whether the weights in `directory` are pickle files alone."""
    try:
        names = [entry.name for entry in directory.iterdir()]
    except OSError:
        return False
    return any(map(is_pickle, names)) and not any(map(is_weights, names))


@functools.lru_cache(maxsize=128)
def _shards(index: Path, stamp: tuple[int, int]) -> tuple[str, ...]:
    """Return the names of the weight files; `stamp`, its time and size, makes a changed index a new one."""
    del stamp
    names = set(json.loads(index.read_bytes())["weight_map"].values())
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{index} names no files")
    return tuple(sorted(names))
