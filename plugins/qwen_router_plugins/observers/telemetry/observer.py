"""Sends what happens as OpenTelemetry spans."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from qwen_router import ConfigError, Event, Settings, hookimpl
from qwen_router.events import Answered, Begun, Failed, Loaded
from qwen_router_plugins.observers.telemetry.call import CallEvents

if TYPE_CHECKING:
    from qwen_router_plugins.observers.telemetry.collector import Collector

_PATIENCE = 1.0
"""Seconds that closing a router waits for a collector, and once more where that doesn't answer."""


class TelemetryObserver:
    """Keeps the events of each call until it is over, then has them sent. Does nothing without an endpoint."""

    def __init__(self) -> None:
        self._collector: Collector | None = None
        # A request may be sent twice at the same time.
        self._open: dict[str, list[CallEvents]] = {}
        self._lock = threading.Lock()

    @hookimpl
    def start(self, settings: Settings) -> None:
        """Open the way to the collector.

        Raises:
            ConfigError: OpenTelemetry isn't installed, or the endpoint is no address.
        """
        if not settings.telemetry.endpoint:
            return
        try:
            from qwen_router_plugins.observers.telemetry.collector import Collector
        except ImportError as error:
            raise ConfigError(
                f"telemetry.endpoint is set, but the package of {error.name} is not installed.",
                "Run `pip install 'qwen-router[otel]'`.",
            ) from None
        self._collector = Collector(settings)

    @hookimpl
    def observe(self, event: Event) -> None:
        """Keep the event; send its call when that is over."""
        if self._collector is None:
            return
        if isinstance(event, Begun):
            self._begin(event)
        calls = self._open.get(event.request_id)
        if calls:
            calls[-1].add(event)
            if isinstance(event, Answered | Failed):
                self._collector.outbox.put(self._end(event))
        elif isinstance(event, Loaded):
            alone = CallEvents()
            alone.add(event)
            self._collector.outbox.put(alone)

    @hookimpl
    def stop(self) -> None:
        """Send what waits."""
        if self._collector is not None:
            self._collector.close(_PATIENCE)

    def _begin(self, event: Event) -> None:
        assert self._collector is not None
        call = CallEvents(self._collector.callers_trace())
        with self._lock:
            self._open.setdefault(event.request_id, []).append(call)

    def _end(self, event: Event) -> CallEvents:
        with self._lock:
            calls = self._open[event.request_id]
            call = calls.pop()
            if not calls:
                del self._open[event.request_id]
        return call
