"""What is looked up when somebody asks for the metrics: nothing of it grows old between two events."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from weakref import WeakMethod

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from qwen_router import Status
from qwen_router.metric import Metric
from qwen_router_plugins.observers.metrics import catalogue
from qwen_router_plugins.observers.telemetry import lost

_Family = CounterMetricFamily | GaugeMetricFamily


class Live(Collector):
    """Adds up what the open routers of this process are doing, and looks at the process itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Weak, so that a router that nobody closes can go, its models with it.
        self._open: list[WeakMethod[Callable[[], Status]]] = []
        self._gone: Counter[str] = Counter()

    def add(self, status: Callable[[], Status]) -> None:
        """Look at one more router, by a method of its own."""
        with self._lock:
            self._open.append(WeakMethod(status))

    def remove(self, status: Callable[[], Status]) -> None:
        """Look at a router no more; the faults that were counted stay counted."""
        with self._lock:
            self._open.remove(WeakMethod(status))
            self._gone.update(status().faults)

    def describe(self) -> Iterable[_Family]:
        """Return the names, so that no other metric takes one."""
        return [_family(metric) for metric in catalogue.LOOKED_UP]

    def collect(self) -> Iterator[_Family]:
        """Return the values as they are now."""
        with self._lock:
            alive = [(ref, look) for ref in self._open if (look := ref()) is not None]
            self._open = [ref for ref, _ in alive]
            found = [look() for _, look in alive]
            faults = self._gone.copy()
        models: Counter[tuple[str, ...]] = Counter()
        for status in found:
            faults.update(status.faults)
            for model in status.loaded:
                models[model.model, model.precision, model.backend, model.device] += model.memory_bytes
        yield _family(catalogue.FAULTS, {(name,): count for name, count in faults.items()})
        yield _family(catalogue.SPANS_LOST, {(why,): calls for why, calls in lost.counts().items()})
        yield _family(catalogue.CALLS, {(): sum(status.calls for status in found)})
        yield _family(catalogue.WAITING, {(): sum(status.waiting for status in found)})
        yield _family(catalogue.MODEL_MEMORY, models)
        yield _family(catalogue.RESIDENT, {(): _resident()})
        yield _family(catalogue.GPU_MEMORY, dict(_held_by_torch()))


def _family(metric: Metric, values: dict[tuple[str, ...], int] | Counter[tuple[str, ...]] | None = None) -> _Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in (values or {}).items():
        family.add_metric(labels, value)
    return family


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def _held_by_torch() -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield what torch holds of each accelerator; nothing where it isn't in use: to look wakes no GPU."""
    torch = sys.modules.get("torch")
    try:
        if torch is not None and torch.cuda.is_initialized():
            for index in range(torch.cuda.device_count()):
                yield (f"cuda:{index}",), torch.cuda.memory_reserved(index)
        if torch is not None and torch.backends.mps.is_available():
            yield ("mps",), torch.mps.driver_allocated_memory()
    except AttributeError:
        # Another thread is still importing it.
        return
