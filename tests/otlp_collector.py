"""A collector on this machine that takes OTLP over HTTP and keeps what it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What came, and how it is answered.

    Attributes:
        status: Of every answer.
        hold: While it is cleared, nothing is answered.
    """

    def __init__(self) -> None:
        self.status = 200
        self.hold = threading.Event()
        self.hold.set()
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.endpoint = ""

    @property
    def spans(self) -> list[Any]:
        """Every span, in the order in which they came."""
        return [s for group in self._groups() for scope in group.scope_spans for s in scope.spans]

    @property
    def resource(self) -> dict[str, Any]:
        """What the first group says of its process."""
        return said(self._groups()[0].resource)

    def named(self, name: str) -> list[Any]:
        """The spans of one name."""
        return [span for span in self.spans if span.name == name]

    def _groups(self) -> list[Any]:
        return [g for body in self.bodies for g in ExportTraceServiceRequest.FromString(body).resource_spans]


def said(span: Any) -> dict[str, Any]:
    """Return the attributes of a span, a resource or an event of a span."""
    return {a.key: _value(a.value) for a in span.attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.hold.wait(30)
            collector.paths.append(self.path)
            if collector.status == 200:
                collector.bodies.append(body)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        collector.hold.set()
        server.shutdown()
        server.server_close()
