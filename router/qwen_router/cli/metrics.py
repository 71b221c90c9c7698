"""`qwen-router metrics`: list what is measured, or serve what other processes have measured."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer
from rich.table import Table

from qwen_router.cli.console import AsJson, ConfigPath, err, out, print_json
from qwen_router.errors import PluginError
from qwen_router.metric import Exposition
from qwen_router.settings_file import load_settings

_Port = Annotated[int | None, typer.Option(min=1, max=65_535, help="Serve them under /metrics on this port.")]
_Host = Annotated[str | None, typer.Option(help="The address to serve them on; left out, metrics.host.")]


def metrics(port: _Port = None, host: _Host = None, as_json: AsJson = False, config: ConfigPath = None) -> None:
    """List the Prometheus metrics of a router; with --port, serve those of other processes.

    A router serves its own under metrics.port. What other processes have measured is told by the store of decisions,
    from now on; with times of all steps where PROMETHEUS_MULTIPROC_DIR names one directory for them and this command.
    """
    from qwen_router.manager import build_manager

    settings = load_settings(config)
    found: Exposition | None = build_manager(settings).hook.exposition(settings=settings)
    if found is None:
        raise PluginError("No plugin measures anything.", "Allow one in [plugins].", plugin="metrics")
    if port is not None:
        host = host or settings.metrics.host
        address = f"http://{host}:{port}/metrics"
        found.serve(host, port, lambda: err.print(f"Metrics are at {address}; Ctrl-C ends it.", markup=False))
    elif as_json:
        print_json(json.dumps([dataclasses.asdict(metric) for metric in found.metrics()], indent=2))
    else:
        out.print(_table(found))


def _table(found: Exposition) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("name", "type", "labels", "unit", "meaning"):
        table.add_column(name, no_wrap=name in ("name", "type"))
    for metric in found.metrics():
        table.add_row(metric.name, metric.kind, ", ".join(metric.labels), metric.unit, metric.meaning)
    return table
