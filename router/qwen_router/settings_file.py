"""Reads the operators' settings from TOML and the environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from qwen_router.config import Settings
from qwen_router.errors import ConfigError
from qwen_router.suggestion import nearest

ENV_PREFIX = "QWEN_ROUTER__"
FILE_NAME = "config.toml"


def load_settings(path: str | Path | None = None, **overrides: Any) -> Settings:
    """Read the settings. Later sources win: defaults, file, environment (`QWEN_ROUTER__SECTION__KEY`), overrides.

    Args:
        path: A TOML file; `None` takes `$QWEN_ROUTER_CONFIG`, else `config.toml` of the user's configuration
            directory when there is one.
        overrides: Nested tables that win over everything, such as `sizing={"prefer": "speed"}`.

    Raises:
        ConfigError: A file that can't be read, an unknown key or a value of the wrong type.
    """
    file = find_file(path)
    _check_readable(file)
    _check_environment()

    class Sources(BaseSettings, Settings):
        model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_nested_delimiter="__")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

    try:
        return Settings(**dict(Sources(**overrides)))
    except (ValidationError, SettingsError) as error:
        raise ConfigError(*_explain(error, file)) from None


def find_file(path: str | Path | None = None) -> Path | None:
    """Return the file that `load_settings(path)` reads; `None` when there is none and the defaults hold."""
    if path is not None:
        return Path(path)
    if named := os.environ.get("QWEN_ROUTER_CONFIG"):
        return Path(named)
    import platformdirs

    usual = Path(platformdirs.user_config_dir("qwen-router", appauthor=False)) / FILE_NAME
    return usual if usual.is_file() else None


def _check_readable(file: Path | None) -> None:
    if file is None:
        return
    try:
        tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file {file}.", "Check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"Can't read the configuration file {file}: {error}.", "It must be a readable UTF-8 text file."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.", "Mend that line.") from None


def _check_environment() -> None:
    """Refuse a misspelled section: pydantic-settings passes over variables it doesn't know."""
    for name in os.environ:
        section = name.upper().removeprefix(ENV_PREFIX).split("__")[0].lower()
        if name.upper().startswith(ENV_PREFIX) and section not in Settings.model_fields:
            raise ConfigError(
                f"The environment variable {name} names no section of the configuration.",
                nearest(section, Settings.model_fields),
            )


def _keys_beside(path: list[str]) -> Iterable[str]:
    """Return the keys of the table that holds the last part of a path."""
    known: Any = Settings
    for part in path[:-1]:
        # In a table of tables by name, the name says nothing of their kind.
        known = get_args(known)[1] if get_args(known) else known.model_fields[part].annotation
    fields: Iterable[str] = known.model_fields
    return fields


def _explain(error: ValidationError | SettingsError, file: Path | None) -> tuple[str, str]:
    """Turn the first fault into one line: what, where, and the fix."""
    where = str(file) if file else "the configuration"
    if isinstance(error, SettingsError):
        return f"{where}: {error}.", "Check the QWEN_ROUTER__ environment variables."
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(path)
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key {key}.", nearest(path[-1], _keys_beside(path))
    fix = first["msg"].replace("Input should", "It should", 1).replace("String should", "It should", 1)
    return f"{where}: {key} = {first['input']!r} is not valid.", f"{fix}."
