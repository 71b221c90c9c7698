"""`qwen-router models`: what the catalogue holds, what fits, and what is here."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from pydantic import ByteSize, TypeAdapter, ValidationError
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from qwen_router.cli.console import AsJson, ConfigPath, open_router, out, print_json
from qwen_router.config import LICENCES
from qwen_router.errors import InputError
from qwen_router.listing import Listing

_GIB = 2**30
_WIDE, _NARROW = 120, 60


def models(
    task: Annotated[str | None, typer.Option("--task", metavar="T", help="Only this specialist's models.")] = None,
    fits: Annotated[bool, typer.Option("--fits", help="Only what fits.")] = False,
    here: Annotated[bool, typer.Option("--here", help="Only what is on disk.")] = False,
    ram: Annotated[str | None, typer.Option("--ram", metavar="SIZE", help="Judge for this much free RAM.")] = None,
    vram: Annotated[
        str | None, typer.Option("--vram", metavar="SIZE", help="Judge for an accelerator with this much memory.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", metavar="RULE", help=f"Judge under a rule: {', '.join(LICENCES)}.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """List the models: what fits, at which precision, how fast, what is on disk, and why the rest doesn't fit."""
    sizes = {"ram": _bytes("--ram", ram), "vram": _bytes("--vram", vram)}
    if licence is not None and licence not in LICENCES:
        raise InputError(f"--licence {licence} is no rule.", f"Take one of {', '.join(LICENCES)}.")
    with open_router(config, overrides={"sizing": {"licence": licence}} if licence else None) as router:
        rows = router.models(task, **sizes)
    shown = [r for r in rows if (not fits or r.best) and (not here or r.where in ("on disk", "loaded"))]
    if as_json:
        print_json(json.dumps([row.model_dump(mode="json") for row in shown], indent=2))
        return
    out.print(listing_table(shown, width=out.width))
    fitting = sum(row.best is not None for row in rows)
    on_disk = sum(row.where in ("on disk", "loaded") for row in rows)
    out.print(f"\n{len(rows)} models: {fitting} fit, {on_disk} on disk. Fetch one with: qwen-router pull MODEL")


def listing_table(rows: list[Listing], *, width: int) -> RenderableType:
    """Return the models as a table, one of fewer columns where there is little room, or else as a list."""
    if width < _NARROW:
        return Group(*(Text(_line(row), style="" if row.best else "dim") for row in rows))
    return _table(rows) if width >= _WIDE else _narrow(rows)


def _line(row: Listing) -> str:
    _, memory, speed, _ = _run(row)
    return ", ".join(filter(None, (_name(row), memory, f"{speed} tok/s" if speed else "", _where(row))))


def _table(rows: list[Listing]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", no_wrap=True)
    table.add_column("for", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("commercial", no_wrap=True)
    table.add_column("runs as", no_wrap=True)
    for name in ("memory", "tokens/s", "quality"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("where, or why it doesn't fit")
    for row in rows:
        cells = (_name(row), row.task or row.specialty, _count(row.parameters), row.commercial_use, *_run(row))
        table.add_row(*cells, _where(row), style="" if row.best else "dim")
    return table


def _narrow(rows: list[Listing]) -> Table:
    """Return what matters most, in eighty columns."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", no_wrap=True)
    table.add_column("memory", justify="right", no_wrap=True)
    table.add_column("tok/s", justify="right", no_wrap=True)
    table.add_column("where, or why it doesn't fit")
    for row in rows:
        _, memory, speed, _ = _run(row)
        table.add_row(_name(row), memory, speed, _where(row), style="" if row.best else "dim")
    return table


def _run(row: Listing) -> tuple[str, str, str, str]:
    """Return how it runs: precision and backend, memory, tokens a second, expected quality."""
    if row.best is None:
        return "", "", "", ""
    best = row.best
    precision = (
        best.precision
        if not best.offer.quant or best.offer.quant == best.precision
        else (f"{best.precision} of {best.offer.quant}")
    )
    memory = "" if best.offer.device == "remote" else f"{best.memory_bytes / _GIB:.1f} GiB"
    thinking = " thinking" if best.thinking else ""
    return f"{precision}, {best.backend}", memory, f"{best.tokens_per_second:.0f}", f"{best.quality:.0%}{thinking}"


def _where(row: Listing) -> str:
    if row.best is None:
        return row.why_not
    if row.where in ("on disk", "loaded") and row.precisions:
        return f"{row.where} as {', '.join(dict.fromkeys(row.precisions))}"
    return f"{row.where} ({row.download_bytes / _GIB:.1f} GiB)" if row.download_bytes else row.where


def _name(row: Listing) -> str:
    return row.model.rpartition("/")[2]


def _count(parameters: int) -> str:
    return f"{parameters / 1e9:.1f} B" if parameters >= 1e9 else f"{parameters / 1e6:.0f} M"


def _bytes(option: str, text: str | None) -> int | None:
    """Read a size such as 16GiB.

    Raises:
        InputError: It is none, or below 0.
    """
    if text is None:
        return None
    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError:
        raise InputError(f"{option} {text} is no size.", "Write it like 16GiB.") from None
    if size < 0 or (size == 0 and option == "--ram"):
        raise InputError(f"{option} {text} leaves no memory.", "Write it like 16GiB.")
    return size
