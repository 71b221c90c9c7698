"""Counts what happens, for Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from qwen_router import Event, Settings, Status, hookimpl

if TYPE_CHECKING:
    from qwen_router.metric import Exposition
    from qwen_router_plugins.observers.metrics.live import Live
    from qwen_router_plugins.observers.metrics.meters import Meters

_lock = threading.Lock()
_shared: tuple[Meters, Live] | None = None


class MetricsObserver:
    """Counts for one router. What is counted belongs to the process, as a scrape does: routers add up.

    It is in the registry that `prometheus_client` serves unless told otherwise, so that an application that has an
    endpoint already shows it there.
    """

    def __init__(self) -> None:
        self._meters: Meters | None = None
        self._started: tuple[Settings, Callable[[], Status]] | None = None

    @hookimpl
    def start(self, settings: Settings, status: Callable[[], Status]) -> None:
        """Begin to count, and serve the metrics where the operator has named a port."""
        from qwen_router_plugins.observers.metrics.server import serve

        self._meters, live = _of_process()
        live.add(status)
        self._started = settings, status
        serve(settings.metrics)

    @hookimpl
    def observe(self, event: Event) -> None:
        """Count what the event tells."""
        if self._meters is not None:
            self._meters.count(event)

    @hookimpl
    def stop(self) -> None:
        """Serve no more."""
        if self._started is None:
            return
        from qwen_router_plugins.observers.metrics.server import leave

        (settings, status), self._started = self._started, None
        _of_process()[1].remove(status)
        leave(settings.metrics)

    @hookimpl
    def exposition(self, settings: Settings) -> Exposition:
        """Return what `qwen-router metrics` lists and serves."""
        from qwen_router_plugins.observers.metrics.shared import SharedMetrics

        return SharedMetrics(settings)


def _of_process() -> tuple[Meters, Live]:
    """Return what this process counts, made when the first router starts: importing the library takes a while."""
    global _shared
    with _lock:
        if _shared is None:
            from prometheus_client import REGISTRY

            from qwen_router_plugins.observers.metrics.directory import make_directory
            from qwen_router_plugins.observers.metrics.live import Live
            from qwen_router_plugins.observers.metrics.meters import Meters

            make_directory()
            _shared = Meters(REGISTRY), Live()
            REGISTRY.register(_shared[1])
        return _shared
