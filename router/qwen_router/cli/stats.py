"""`qwen-router stats`: what the stored decisions come to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from qwen_router.cli.console import AsJson, ConfigPath, out, print_json
from qwen_router.cli.since import read_since
from qwen_router.config import Settings
from qwen_router.settings_file import load_settings
from qwen_router.traces.summary import By, Summary, summarise


def stats(
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Only from then on: 30m, 6h, 1d, 2w or a date.")
    ] = None,
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="Only the last N requests.")] = None,
    by: Annotated[By | None, typer.Option("--by", help="Tell models or tasks apart.")] = None,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Show how many requests there were, how long they took, what became of them, and what routing saved."""
    from qwen_router.cli.stats_view import stats_view
    from qwen_router.traces import path_of

    settings = load_settings(config)
    start = None if since is None else read_since(since, time.time())
    path = path_of(settings)
    summary = _read(path, settings, start, last, by) if path.exists() else Summary()
    if as_json:
        print_json(summary.model_dump_json(indent=2))
    elif summary.requests:
        out.print(stats_view(summary, by=by, width=out.width, unicode=out.encoding.startswith("utf")))
    else:
        out.print(_nothing(path, settings, since), soft_wrap=True)


def _read(path: Path, settings: Settings, since: float | None, last: int | None, by: By | None) -> Summary:
    from qwen_router.catalog import load_catalogue
    from qwen_router.traces import Pricing, TraceStore

    with TraceStore(path) as store:
        pricing = Pricing(store, load_catalogue(settings.catalogue))
        return summarise(store.read(since=since, last=last), pricing.cost, by)


def _nothing(path: Path, settings: Settings, since: str | None) -> str:
    if not settings.traces.enabled:
        return "No decisions are stored: traces.enabled is false."
    if since is not None:
        return f"No decisions are stored in {escape(str(path))} since {escape(since)}."
    return f'No decisions are stored in {escape(str(path))} yet. Ask something: qwen-router ask "What is 12 * 12?"'
