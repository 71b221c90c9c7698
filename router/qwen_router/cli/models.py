"""`qwen-router models`: what the catalogue holds and what is here."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from qwen_router.cli.console import AsJson, ConfigPath, open_router, out, print_json

_GIB = 2**30
_WIDE = 110


def models(
    task: Annotated[str | None, typer.Option("--task", metavar="T", help="Only this specialist's models.")] = None,
    here: Annotated[bool, typer.Option("--here", help="Only what is on disk.")] = False,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """List the models: size, context, licence, and whether they are on disk or could be fetched."""
    with open_router(config) as router:
        rows = [row for row in router.models(task) if not here or row.where == "on disk"]
    if as_json:
        print_json(json.dumps([row.model_dump(mode="json") for row in rows], indent=2))
        return
    wide = out.width >= _WIDE
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", no_wrap=True)
    table.add_column("for")
    table.add_column("size", justify="right", no_wrap=True)
    if wide:
        table.add_column("context", justify="right")
        table.add_column("thinking")
    table.add_column("commercial", no_wrap=True)
    table.add_column("where", no_wrap=True)
    for row in rows:
        size = f" ({row.download_bytes / _GIB:.1f} GiB)" if row.download_bytes else ""
        more = (f"{row.context:,}", row.thinking) if wide else ()
        table.add_row(
            row.model.rpartition("/")[2],
            row.specialty,
            _count(row.parameters),
            *more,
            row.commercial_use,
            f"{row.where}{size}",
            style="" if row.where in ("on disk", "served") else "dim",
        )
    out.print(table)
    on_disk = sum(row.where == "on disk" for row in rows)
    out.print(f"\n{len(rows)} models, {on_disk} on disk. Fetch one with: qwen-router pull MODEL")


def _count(parameters: int) -> str:
    return f"{parameters / 1e9:.1f} B" if parameters >= 1e9 else f"{parameters / 1e6:.0f} M"
