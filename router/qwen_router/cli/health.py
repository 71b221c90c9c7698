"""`qwen-router health`: say how the router is on this machine."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from qwen_router.cli.console import AsJson, ConfigPath, FetchProgress, open_router, out, print_json
from qwen_router.health import Health

_COLOURS = {"healthy": "green", "degraded": "yellow", "unhealthy": "red"}


def health(
    deep: Annotated[bool, typer.Option("--deep", help="Ask the model that a plain request would take.")] = False,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Look at the machine, the models and the settings. Exit code 1 if the router can't do its work, 0 otherwise.

    This process has answered nothing yet: what its calls would say, `Router.health()` of a running one does.
    """
    # A probe beside a running router leaves its port alone.
    with open_router(config, overrides={"metrics": {"port": 0}}, progress=FetchProgress()) as router:
        found = router.health(deep=deep)
    if as_json:
        print_json(found.model_dump_json(indent=2))
    else:
        _show(found)
    if found.status == "unhealthy":
        raise typer.Exit(1)


def _show(found: Health) -> None:
    out.print(f"[bold {_COLOURS[found.status]}]{found.status}[/]\n")
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in ("check", "status", "measured"):
        table.add_column(name, overflow="fold", no_wrap=name != "measured")
    for finding in found.findings:
        status = f"[{_COLOURS[finding.status]}]{finding.status}[/]"
        measured = f"{finding.subject}: {finding.measured}" if finding.subject else finding.measured
        table.add_row(escape(finding.check), status, escape(measured))
        if finding.recommendation:
            table.add_row("", "", f"[bold]{escape(finding.recommendation)}[/]")
    out.print(table)
    if not found.calls:
        out.print("\nNo calls to go by: this process has answered none yet.", style="dim")
