"""Opens the way to an OpenTelemetry collector."""

from __future__ import annotations

import logging
from importlib.metadata import version
from urllib.parse import urlsplit

from opentelemetry.context import Context, get_current
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider

from qwen_router import ConfigError, Settings
from qwen_router_plugins.observers.telemetry.lost import Reason
from qwen_router_plugins.observers.telemetry.outbox import Outbox

_log = logging.getLogger(__name__)
_FIX = "Start it, or mend telemetry.endpoint: it takes OTLP over HTTP, most often on port 4318."
_REST = " No call waits for it; further losses are only counted."
_PATH = "/v1/traces"


class Collector:
    """Takes calls for the collector of `[telemetry]`, and says once when it doesn't get them.

    The variables of OpenTelemetry itself (`OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`,
    `OTEL_EXPORTER_OTLP_HEADERS`, ...) hold as well.

    Raises:
        ConfigError: The endpoint is no address.
    """

    def __init__(self, settings: Settings) -> None:
        self._endpoint = settings.telemetry.endpoint
        exporter = OTLPSpanExporter(_address(self._endpoint))
        named = OTELResourceDetector().detect().attributes.get("service.name", "qwen-router")
        resource = Resource.create({"service.name": named, "service.version": version("qwen-router")})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._said = False
        self.outbox = Outbox(provider, exporter, content=settings.telemetry.content, on_loss=self._say)
        self._hush = _Hush(self.outbox.thread.ident)
        logging.getLogger(trace_exporter.__name__).addFilter(self._hush)

    def callers_trace(self) -> Context:
        """Return the trace that this thread works in."""
        return get_current()

    def close(self, patience: float) -> None:
        """Send what waits, for a while."""
        self.outbox.close(patience)
        logging.getLogger(trace_exporter.__name__).removeFilter(self._hush)

    def _say(self, reason: Reason) -> None:
        if self._said:
            return
        self._said = True
        if reason == "queue_full" and not self._hush.why:
            _log.warning(
                "Spans are lost: calls come faster than the collector at %s takes them.%s", self._endpoint, _REST
            )
            return
        why = f" ({self._hush.why})" if self._hush.why else ""
        _log.warning("Spans don't reach the collector at %s%s. %s%s", self._endpoint, why, _FIX, _REST)


class _Hush(logging.Filter):
    """Keeps the exporter, which warns at every try, silent in one thread, and remembers why it would have warned."""

    def __init__(self, thread: int | None) -> None:
        super().__init__()
        self._thread = thread
        self.why = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let pass what other threads say."""
        if record.thread != self._thread:
            return True
        faults = [a for a in record.args or () if isinstance(a, Exception)]
        self.why = self.why or (type(faults[0]).__name__ if faults else record.getMessage())
        return False


def _address(endpoint: str) -> str:
    """Return where spans go: the endpoint, with the signal's path.

    Raises:
        ConfigError: It is no address.
    """
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"telemetry.endpoint {endpoint!r} is no address.", "Write it like http://localhost:4318.")
    return endpoint if parts.path.endswith(_PATH) else endpoint.rstrip("/") + _PATH
