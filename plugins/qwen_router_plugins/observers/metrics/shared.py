"""What other processes have measured: in a directory that they share, or in the store of decisions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, start_http_server

from qwen_router import InputError, Settings
from qwen_router.metric import Metric
from qwen_router.traces import path_of
from qwen_router_plugins.observers.metrics.catalogue import METRICS
from qwen_router_plugins.observers.metrics.directory import VARIABLE, make_directory, shared_directory
from qwen_router_plugins.observers.metrics.follower import Follower
from qwen_router_plugins.observers.metrics.meters import Meters
from qwen_router_plugins.observers.metrics.server import registry


class SharedMetrics:
    """Serves the sum of `PROMETHEUS_MULTIPROC_DIR` where that is set, else what the store of decisions tells.

    What is looked up, only a router itself can tell; and the store knows no times of the router's own steps.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def metrics(self) -> Sequence[Metric]:
        """Return all that routers measure."""
        return METRICS

    def serve(self, host: str, port: int, ready: Callable[[], None]) -> None:
        """Serve them, until this process is interrupted.

        Raises:
            InputError: The port is taken, there is nothing to serve, or the directory can't be made.
        """
        # It may be here before the routers.
        make_directory()
        found = registry() if shared_directory() else self._followed()
        try:
            _, thread = start_http_server(port, host, found)
        except OSError as error:
            raise InputError(
                f"Metrics can't be served on {host}, port {port}: {error.strerror or error}.",
                "Free the port, or take another with --port.",
            ) from None
        ready()
        thread.join()

    def _followed(self) -> CollectorRegistry:
        """Return what is counted from now on of the decisions that are stored.

        Raises:
            InputError: None are stored.
        """
        if not self._settings.traces.enabled:
            raise InputError(
                f"Routers keep what they measure to themselves: traces.enabled is off, and {VARIABLE} isn't set.",
                "Switch one of them on, or set metrics.port and scrape the router itself.",
            )
        made = CollectorRegistry()
        follower = Follower(path_of(self._settings), Meters(made))
        threading.Thread(target=follower.follow, name="qwen-router-metrics", daemon=True).start()
        return made
