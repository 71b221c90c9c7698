"""`qwen-router guard`: show what the guards make of a text."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from qwen_router.cli.console import AsJson, ConfigPath, out, print_json, read_text
from qwen_router.cli.lines import run_lines
from qwen_router.errors import InputError

_COLOURS = {"allow": "green", "rewrite": "yellow", "deny": "red"}


def guard(
    text: Annotated[str | None, typer.Argument(help="The text; `-` reads standard input.")] = None,
    jsonl: Annotated[Path | None, typer.Option("--jsonl", metavar="IN", help="Guard a file of JSON lines.")] = None,
    out_file: Annotated[Path | None, typer.Option("--out", metavar="OUT", help="Where the lines go.")] = None,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Say whether TEXT would be let in, as what, and why; nothing is answered and no quota is used.

    A line of IN is {"id", "text" | "messages"}; one of OUT is {"id", "verdict", "kind", "score", "reasons", "text"}.
    """
    if (text is None) == (jsonl is None):
        raise InputError("Give either a text or --jsonl.", "See qwen-router guard --help.")
    import json

    from qwen_router.guarding import guard_row
    from qwen_router.jsonl import map_lines
    from qwen_router.manager import build_manager
    from qwen_router.settings_file import load_settings

    settings = load_settings(config)
    judged = partial(guard_row, build_manager(settings), settings)
    if jsonl is not None:
        run_lines(jsonl, out_file, lambda lines, to, report: map_lines(lines, to, judged, report))
        return
    found = judged({"text": read_text(text or "")})
    if as_json:
        print_json(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    kind = f"  {found['kind'].replace('_', ' ')}" if found["kind"] else ""
    table.add_row("verdict", f"[bold {_COLOURS[found['verdict']]}]{found['verdict']}[/]{kind}")
    table.add_row("attack", f"{found['score']:.0%}")
    table.add_row("because", escape(" ".join(found["reasons"])) or "—")
    if found["verdict"] == "rewrite":
        table.add_row("text", escape(found["text"]))
    out.print(table)
