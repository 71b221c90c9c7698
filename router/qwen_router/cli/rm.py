"""`qwen-router rm`: remove a model's files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from qwen_router.cli.console import ConfigPath, err, gib, open_router, out
from qwen_router.errors import InputError
from qwen_router.storage import Entry


def rm(
    model: Annotated[str, typer.Argument(help="A model of the catalogue, such as Qwen3-4B.")],
    precision: Annotated[
        str | None,
        typer.Option("--precision", metavar="P", help="bf16 for safetensors, or a GGUF type such as q4_k_m."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    config: ConfigPath = None,
) -> None:
    """Remove what the router itself fetched or joined of MODEL; never a file of yours or of another program."""
    with open_router(config) as router:
        entries = router.disk_use(model, precision=precision).entries
        own = [entry for entry in entries if not entry.stored.keeper]
        kept = [entry for entry in entries if entry.stored.keeper]
        if not own:
            raise InputError(f"The router has put nothing of {model} on this disk.", _others(kept))
        if not (yes or _agreed(own)):
            out.print("Nothing was removed.")
            return
        freed = router.remove(model, precision=precision)
    out.print(f"Removed {gib(freed)}.")
    for entry in kept:
        err.print(f"Not removed: {_other(entry)}", markup=False)


def _agreed(own: Sequence[Entry]) -> bool:
    """Ask the person at the terminal.

    Raises:
        InputError: Nobody is there to be asked.
    """
    if not sys.stdin.isatty():
        raise InputError("Nothing was removed: standard input is no terminal to ask at.", "Add --yes to remove it.")
    for entry in own:
        err.print(f"{entry.stored.path} ({gib(entry.stored.bytes)})", markup=False)
    return typer.confirm("Remove?", err=True)


def _others(kept: Sequence[Entry]) -> str:
    return " ".join(map(_other, kept)) if kept else "See `qwen-router du`."


def _other(entry: Entry) -> str:
    return f"{entry.stored.path} ({entry.precision}, {gib(entry.stored.bytes)}) stays. {entry.stored.keeper}"
