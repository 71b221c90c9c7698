"""`qwen-router config`: check and show the settings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from qwen_router.cli.console import AsJson, ConfigPath, out, print_json
from qwen_router.settings_file import find_file, load_settings

app = typer.Typer(no_args_is_help=True, help="Check and show the settings.")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_Path = Annotated[Path | None, typer.Argument(help="The file; left out, the one that would be used.")]


@app.command()
def check(path: _Path = None, config: ConfigPath = None) -> None:
    """Read the configuration and say whether it is valid."""
    from qwen_router.catalog import load_catalogue
    from qwen_router.weights import check_revisions

    file = find_file(path or config)
    settings = load_settings(file)
    check_revisions(settings, load_catalogue(settings.catalogue))
    out.print(f"{file} is valid." if file else "There is no configuration file; the defaults are valid.")


@app.command()
def show(path: _Path = None, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Print every setting as it is in force: file, environment and defaults together."""
    settings = load_settings(find_file(path or config))
    if as_json:
        print_json(settings.model_dump_json(indent=2))
        return
    for name, section in settings.model_dump(mode="json").items():
        _table(name, section)


def _table(name: str, values: dict[str, object]) -> None:
    """Print one table as TOML, its subtables after it."""
    plain = {key: value for key, value in values.items() if not isinstance(value, dict) or not value}
    if plain or not values:
        out.print(f"[bold]\\[{name}][/]")
    for key, value in plain.items():
        # JSON's strings, numbers, booleans and lists are TOML's as well.
        out.print(f"{key} = {json.dumps(value, ensure_ascii=False)}", markup=False)
    if plain:
        out.print()
    for key, value in values.items():
        if isinstance(value, dict) and value:
            _table(f"{name}.{key if _BARE.fullmatch(key) else json.dumps(key)}", value)
