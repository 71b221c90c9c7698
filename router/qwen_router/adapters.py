"""LoRA adapters of specialists: which one belongs to which model, checked when the router starts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

from qwen_router.backend import Backend
from qwen_router.catalog import Catalogue, Model
from qwen_router.config import Settings
from qwen_router.errors import ConfigError, UnknownModel
from qwen_router.registry import Registry
from qwen_router.serving import serving
from qwen_router.suggestion import nearest
from qwen_router.types import Task
from qwen_router.value import Value

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_TRAIN = "Train one with `qwen-router adapt`, or remove the setting."


class Adapter(Value):
    """A LoRA adapter (arXiv:2106.09685) in the form that `peft` saves.

    Attributes:
        path: Its directory.
        base: Catalogue id of the model that it was trained for.
        bytes: Size of its weights.
    """

    path: Path
    base: str
    bytes: int


def read_adapters(settings: Settings, registry: Registry, catalogue: Catalogue) -> dict[Task, Adapter]:
    """Return the adapter of each task that has one. Its weights are not read.

    Raises:
        ConfigError: A task that nobody serves, a directory that holds no LoRA adapter, one whose base no specialist of
            the task would choose, or no backend that could load it.
    """
    found: dict[Task, Adapter] = {}
    for task, section in settings.specialists.items():
        if task not in registry.specialists:
            raise ConfigError(
                f"specialists names {task!r}, which is no task.", nearest(task, registry.specialists, "tasks")
            )
        if section.adapter:
            models = [model for model, _ in serving(catalogue, registry.specialists[task])]
            found[task] = _read(task, Path(section.adapter).expanduser(), catalogue, models)
            _check_backends(task, registry.backends.values(), settings)
    return found


def _read(task: Task, path: Path, catalogue: Catalogue, models: list[Model]) -> Adapter:
    key = f"specialists.{task}.adapter"
    config = _config(key, path)
    if config.get("peft_type") != "LORA":
        raise ConfigError(
            f"{key}: {path} holds an adapter of the type {config.get('peft_type')!r}.", "Only LORA adapters are loaded."
        )
    base = config.get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise ConfigError(f"{key}: {path / CONFIG} doesn't name its base model.", "Set base_model_name_or_path there.")
    if not (path / WEIGHTS).is_file():
        pickle = (path / "adapter_model.bin").is_file()
        raise ConfigError(
            f"{key}: {path} has no {WEIGHTS}{', only a pickle file' if pickle else ''}.",
            "Convert it to safetensors: loading a pickle file can run any code." if pickle else _TRAIN,
        )
    model = base_of(base, catalogue)
    if model is None or model.id not in {m.id for m in models}:
        trained = base if model is None else model.id
        raise ConfigError(
            f"{key}: {path} was trained for {trained}, which is no model of the task {task!r}.",
            f"Its models: {', '.join(sorted(m.name for m in models))}.",
        )
    return Adapter(path=path, base=model.id, bytes=(path / WEIGHTS).stat().st_size)


def base_of(name: str, catalogue: Catalogue) -> Model | None:
    """Return the model that an adapter names as its base: by id, by name, or by the directory it was loaded from."""
    for candidate in _names(name):
        try:
            return catalogue.find(candidate)
        except UnknownModel:
            continue
    return None


def _names(name: str) -> Iterator[str]:
    """Yield what may be a model's name in `base_model_name_or_path`."""
    parts = PurePath(name.replace("\\", "/")).parts
    # A snapshot in the cache of huggingface_hub: models--ORG--NAME/snapshots/COMMIT.
    yield from (part.removeprefix("models--").replace("--", "/") for part in parts if part.startswith("models--"))
    yield from ("/".join(parts[-2:]), *parts[-1:])


def _config(key: str, path: Path) -> dict[str, Any]:
    try:
        config = json.loads((path / CONFIG).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"{key}: {path} holds no {CONFIG}.", _TRAIN) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{key}: can't read {path / CONFIG}: {error}.", _TRAIN) from None
    if not isinstance(config, dict):
        raise ConfigError(f"{key}: {path / CONFIG} is no JSON object.", _TRAIN)
    return config


def _check_backends(task: Task, backends: Iterable[Backend], settings: Settings) -> None:
    """Refuse an adapter that nobody could load, instead of answering without it."""
    reasons = [b.missing(settings) or b.adapter_fault("safetensors") for b in backends]
    if all(reasons):
        raise ConfigError(
            f"specialists.{task}.adapter is set, but no backend can load it. {' '.join(filter(None, reasons))}",
            "Mend one of these, or remove the setting.",
        )
