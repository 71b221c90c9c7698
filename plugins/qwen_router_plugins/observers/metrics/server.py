"""Serves the metrics of this process, once for all its routers."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer

from prometheus_client import REGISTRY, CollectorRegistry, multiprocess, start_http_server

from qwen_router.config_monitoring import MetricsSection
from qwen_router_plugins.observers.metrics.directory import shared_directory

_log = logging.getLogger(__name__)
_FIX = "Free the port, or set metrics.port to another; the router works without."
_Address = tuple[str, int]


@dataclass
class _Served:
    """A port that is served; `None` where it was taken."""

    server: WSGIServer | None
    thread: threading.Thread | None
    routers: int = 0


_lock = threading.Lock()
_served: dict[_Address, _Served] = {}


def serve(settings: MetricsSection) -> None:
    """Serve the metrics for one more router. A port that can't be had is said once; the router works without."""
    if not settings.port:
        return
    address = (settings.host, settings.port)
    with _lock:
        if address not in _served:
            _served[address] = _open(address)
        _served[address].routers += 1


def leave(settings: MetricsSection) -> None:
    """Serve them for one router less, and for none no more."""
    address = (settings.host, settings.port)
    with _lock:
        served = _served.get(address)
        if served is None:
            return
        served.routers -= 1
        if served.routers:
            return
        del _served[address]
    if served.server is not None and served.thread is not None:
        served.server.shutdown()
        served.server.server_close()
        served.thread.join()


def _open(address: _Address) -> _Served:
    host, port = address
    try:
        server, thread = start_http_server(port, host, registry())
    except OSError as error:
        _log.warning("Metrics can't be served on %s, port %d: %s. %s", host, port, error.strerror or error, _FIX)
        return _Served(None, None)
    return _Served(server, thread)


def registry() -> CollectorRegistry:
    """Return what is served: of this process, or of all where the operator has them write to one directory."""
    if shared_directory() is None:
        return REGISTRY
    every = CollectorRegistry()
    multiprocess.MultiProcessCollector(every)  # type: ignore[no-untyped-call]  # the library's own gap
    return every
