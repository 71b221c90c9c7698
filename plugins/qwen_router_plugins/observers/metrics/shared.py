"""What all processes have measured that share a directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from prometheus_client import start_http_server

from qwen_router import InputError
from qwen_router.metric import Metric
from qwen_router_plugins.observers.metrics.catalogue import METRICS
from qwen_router_plugins.observers.metrics.server import registry

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the directory; the Prometheus library of every process that has it writes what it counts there."""


class SharedMetrics:
    """Sums up what is counted in `PROMETHEUS_MULTIPROC_DIR`; what is looked up, only a router itself can tell."""

    def metrics(self) -> Sequence[Metric]:
        """Return all that routers measure."""
        return METRICS

    def serve(self, host: str, port: int, ready: Callable[[], None]) -> None:
        """Serve the sum, until this process is interrupted.

        Raises:
            InputError: The port is taken, or no directory is shared.
        """
        directory = os.environ.get(VARIABLE, "")
        if not directory:
            raise InputError(
                f"Routers of other processes keep their metrics to themselves: {VARIABLE} names no directory to share.",
                "Set it for them and for this command, or set metrics.port and scrape the router itself.",
            )
        if not Path(directory).is_dir():
            raise InputError(f"{VARIABLE} names {directory}, which is no directory.", "Make it before routers start.")
        try:
            _, thread = start_http_server(port, host, registry())
        except OSError as error:
            raise InputError(
                f"Metrics can't be served on {host}, port {port}: {error.strerror or error}.",
                "Free the port, or take another with --port.",
            ) from None
        ready()
        thread.join()
