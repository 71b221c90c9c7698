"""Sends calls as spans from a thread of its own: a collector that is slow or down delays no call."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, set_value
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from qwen_router_plugins.observers.telemetry import lost
from qwen_router_plugins.observers.telemetry.call import CallEvents
from qwen_router_plugins.observers.telemetry.spans import make_spans

_log = logging.getLogger(__name__)
_MOST_CALLS = 256
"""That wait to be sent; further ones are lost."""
_BATCH = 32
"""Calls that are sent together."""
_EVERY = 1.0
"""Seconds after which fewer are sent."""


class Outbox:
    """A bounded queue of calls, and the thread that makes spans of them and sends these.

    The batch processor of OpenTelemetry would have a call make its own spans, which takes longer than all its other
    observers together, and warn again and again in the call's thread when it drops some.

    Args:
        provider: Makes the spans.
        exporter: Sends them, and may take its time.
        content: Whether spans hold what was said.
        on_loss: Told the reason whenever calls were lost.
    """

    def __init__(
        self, provider: TracerProvider, exporter: SpanExporter, *, content: bool, on_loss: Callable[[lost.Reason], None]
    ) -> None:
        self._exporter, self._content, self._on_loss = exporter, content, on_loss
        self._finished = _Finished()
        provider.add_span_processor(self._finished)
        self._tracer = provider.get_tracer("qwen_router")
        self._calls: deque[CallEvents] = deque()
        self._wake, self._closing = threading.Event(), False
        self.thread = threading.Thread(target=self._work, name="qwen-router-telemetry", daemon=True)
        self.thread.start()

    def put(self, call: CallEvents) -> None:
        """Send a call some time, or drop it where too many wait."""
        if len(self._calls) >= _MOST_CALLS:
            self._lose(1, "queue_full")
            return
        self._calls.append(call)
        if len(self._calls) >= _BATCH:
            self._wake.set()

    def close(self, patience: float) -> None:
        """Send what waits; what takes longer than about `patience` seconds is dropped."""
        self._closing = True
        self._wake.set()
        self.thread.join(patience)
        left = len(self._calls)
        self._calls.clear()
        # This ends the exporter's own waiting.
        self._exporter.shutdown()
        self.thread.join(patience)
        if left or self.thread.is_alive():
            self._lose(left, "not_sent")

    def _work(self) -> None:
        # What the exporter does over HTTP is no part of anybody's trace.
        attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        last = False
        while not last:
            self._wake.wait(_EVERY)
            self._wake.clear()
            last = self._closing
            while batch := self._next():
                if not self._send(batch):
                    self._lose(len(batch), "not_sent")

    def _lose(self, calls: int, reason: lost.Reason) -> None:
        lost.add(calls, reason)
        self._on_loss(reason)

    def _next(self) -> list[CallEvents]:
        """Take the oldest calls; none are left when the queue was emptied meanwhile."""
        batch: list[CallEvents] = []
        with suppress(IndexError):
            while len(batch) < _BATCH:
                batch.append(self._calls.popleft())
        return batch

    def _send(self, batch: list[CallEvents]) -> bool:
        """Make spans of calls and send them; say whether that went well."""
        try:
            for call in batch:
                make_spans(self._tracer, call, content=self._content)
            spans = self._finished.take()
            return not spans or self._exporter.export(spans) is SpanExportResult.SUCCESS
        except Exception:
            _log.debug("Spans can't be made or sent.", exc_info=True)
            return False


class _Finished(SpanProcessor):
    """Gathers the spans that were made."""

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Take one, unless its trace isn't sampled."""
        if span.context is not None and span.context.trace_flags.sampled:
            self._spans.append(span)

    def take(self) -> list[ReadableSpan]:
        """Return all, and forget them."""
        spans, self._spans = self._spans, []
        return spans
