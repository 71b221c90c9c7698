"""What all processes have measured that share a directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import start_http_server

from qwen_router import InputError
from qwen_router.metric import Metric
from qwen_router_plugins.observers.metrics.catalogue import METRICS
from qwen_router_plugins.observers.metrics.directory import VARIABLE, make_directory, shared_directory
from qwen_router_plugins.observers.metrics.server import registry


class SharedMetrics:
    """Sums up what is counted in `PROMETHEUS_MULTIPROC_DIR`; what is looked up, only a router itself can tell."""

    def metrics(self) -> Sequence[Metric]:
        """Return all that routers measure."""
        return METRICS

    def serve(self, host: str, port: int, ready: Callable[[], None]) -> None:
        """Serve the sum, until this process is interrupted.

        Raises:
            InputError: The port is taken, no directory is shared, or it can't be made.
        """
        if shared_directory() is None:
            raise InputError(
                f"Routers of other processes keep their metrics to themselves: {VARIABLE} names no directory to share.",
                "Set it for them and for this command, or set metrics.port and scrape the router itself.",
            )
        # It may be here before the routers.
        make_directory()
        try:
            _, thread = start_http_server(port, host, registry())
        except OSError as error:
            raise InputError(
                f"Metrics can't be served on {host}, port {port}: {error.strerror or error}.",
                "Free the port, or take another with --port.",
            ) from None
        ready()
        thread.join()
