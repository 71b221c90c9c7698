"""One metric with its time series, of which there are never too many."""

from __future__ import annotations

import threading
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from qwen_router.metric import Metric

OTHER = "other"
"""Stands for every label value beyond the bounds."""
_MOST_VALUES = 64
"""Of one label."""
_MOST_SERIES = 1000
"""Of one metric."""
_LONGEST = 128
"""Characters of a label value."""


class Family:
    """The time series of one metric, by the values of its labels.

    Values that are too long or too many become `other`: a plugin's word for something, put on a label, can't fill the
    memory of the process or of the server that scrapes it.
    """

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        made: Counter | Histogram
        if metric.kind == "counter":
            made = Counter(metric.name, metric.meaning, metric.labels, registry=registry)
        else:
            made = Histogram(metric.name, metric.meaning, metric.labels, registry=registry, buckets=metric.buckets)
        self._metric = made
        self._lock = threading.Lock()
        self._values: list[set[str]] = [set() for _ in metric.labels]
        self._series: dict[tuple[str, ...], Any] = {}

    def add(self, amount: float, *values: str) -> None:
        """Count `amount` more."""
        self._of(values).inc(max(0.0, amount))

    def observe(self, amount: float, *values: str) -> None:
        """Put one more measurement in its bucket."""
        self._of(values).observe(max(0.0, amount))

    def show(self, *values: str) -> None:
        """Show a series before there is anything to count: a rate sees no first step from nowhere."""
        self._of(values)

    def _of(self, values: tuple[str, ...]) -> Any:
        found = self._series.get(values)
        return self._new(values) if found is None else found

    def _new(self, values: tuple[str, ...]) -> Any:
        with self._lock:
            kept = tuple(map(self._bounded, self._values, values))
            if kept not in self._series:
                if len(self._series) >= _MOST_SERIES:
                    kept = (OTHER,) * len(values)
                self._series[kept] = self._metric.labels(*kept)
            return self._series[kept]

    @staticmethod
    def _bounded(known: set[str], value: str) -> str:
        if value in known:
            return value
        if len(value) > _LONGEST or len(known) >= _MOST_VALUES or not _writable(value):
            return OTHER
        known.add(value)
        return value


def _writable(value: str) -> bool:
    """Tell whether a value can be sent: half a surrogate pair would fail every scrape."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
