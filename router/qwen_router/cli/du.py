"""`qwen-router du`: show what models take of the disk."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from qwen_router.backend import Stored
from qwen_router.cli.console import AsJson, ConfigPath, gib, open_router, out, print_json

_WIDE = 110


def du(as_json: AsJson = False, config: ConfigPath = None) -> None:
    """Show what lies on this disk: model, precision, source and size, and who keeps it."""
    with open_router(config) as router:
        use = router.disk_use()
    if as_json:
        print_json(use.model_dump_json(indent=2))
        return
    if use.entries:
        table = Table(box=None, pad_edge=False, header_style="bold")
        names = ("model", "precision", "source", "size", "kept by", "where")
        # A path folded into sixteen columns helps nobody; --json has it.
        shown = len(names) if out.width >= _WIDE else len(names) - 1
        for name in names[:shown]:
            table.add_column(name, justify="right" if name == "size" else "left", overflow="fold")
        for entry in use.entries:
            name, stored = entry.model.rpartition("/")[2], entry.stored
            cells = (name, entry.precision, entry.source, gib(stored.bytes), _keeper(stored), str(stored.path))
            table.add_row(*map(escape, cells[:shown]), style="dim" if stored.keeper else "")
        out.print(table)
        out.print()
    out.print(f"{gib(use.bytes)} in all, {gib(use.disk_free)} free. `qwen-router rm` can free {gib(use.own_bytes)}.")


def _keeper(stored: Stored) -> str:
    return "others" if stored.keeper else "router, unfinished" if stored.partial else "router"
