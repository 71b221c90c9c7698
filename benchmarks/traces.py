"""Measures what the store of decisions takes of a call, of the disk, and of whoever reads it."""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import psutil

from qwen_router import Answer, Hints, Router, Settings, hookimpl, load_catalogue
from qwen_router.testing import FakeBackend
from qwen_router.traces import Pricing, TraceStore, path_of, summarise
from qwen_router_plugins.observers.traces.content import Content
from qwen_router_plugins.observers.traces.row import Outcome
from qwen_router_plugins.observers.traces.writer import Writer

PLUGIN = "qwen_router_plugins.observers.traces:Traces"
GENERAL = Hints(task="general", thinking=False)
PROMPT = "Name three rivers of Europe, and say through which countries they flow."
WARM = 50


class Timed:
    """Stands for the observer and counts its seconds, of all events of a request together."""

    def __init__(self, observer) -> None:
        self._observer = observer
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @hookimpl
    def observe(self, event) -> None:
        started = time.perf_counter()
        try:
            self._observer.observe(event)
        finally:
            self.seconds[event.request_id] += time.perf_counter() - started

    @hookimpl
    def stop(self) -> None:
        self._observer.stop()


def main() -> None:
    """Print a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for name, models in (("two", ["Qwen/Qwen3-0.6B", "Qwen/Qwen3-8B"]), ("many", load_catalogue())):
            answer = _calls(Path(directory) / f"{name}.sqlite", models, args.calls)
        _held(Path(directory) / "two.sqlite")
        _rows(Path(directory) / "rows.sqlite", answer, args.rows)


def _router(store: Path, models: Iterable[str]) -> Router:
    off = {"enabled": False}
    return Router.from_config(
        plugins=[FakeBackend(models)],
        weights={"sources": []},
        sizing={"learn": False},
        traces={"path": str(store)},
        backends={"llama_cpp": off, "transformers": off, "openai_api": off},
    )


def _calls(store: Path, models: Iterable[str], calls: int) -> Answer:
    """Measure the observer in a router whose model answers at once."""
    with _router(store, models) as router:
        manager = router._services.manager
        timed = Timed(manager.unregister(name=PLUGIN))
        manager.register(timed)
        for _ in range(calls + WARM):
            answer = router.invoke(PROMPT, hints=GENERAL)
    candidates = len(answer.decision.choices["1"].candidates)
    _print(f"a call, {candidates} candidates", [s for r, s in timed.seconds.items() if r][WARM:])
    print(f"{'':<34}{store.stat().st_size / (calls + WARM):8,.0f} bytes a decision")
    return answer


def _held(store: Path) -> None:
    """Measure calls while another connection holds the file."""
    with _router(store, ["Qwen/Qwen3-0.6B"]) as router:
        timed = Timed(router._services.manager.unregister(name=PLUGIN))
        router._services.manager.register(timed)
        router.invoke(PROMPT, hints=GENERAL)
        holder = sqlite3.connect(store, isolation_level=None)
        holder.execute("begin immediate")
        timed.seconds.clear()
        for _ in range(100):
            router.invoke(PROMPT, hints=GENERAL)
        spent = [s for r, s in timed.seconds.items() if r]
        holder.close()
    _print("a call while the file is held", spent)
    print(f"{'':<34}{1e3 * max(spent):8.1f} ms at most")


def _rows(store: Path, answer: Answer, count: int) -> None:
    """Measure many rows: the memory of who writes them, and the seconds of who reads them."""
    settings = Settings(traces={"path": str(store), "max_size": "10GiB"})
    writer = Writer(path_of(settings), settings.traces, Content(settings))
    outcome = Outcome("answered", "stop", 1.0, answer.text)
    process, spent = psutil.Process(), []
    for at in range(count):
        if at == WARM:
            before = process.memory_info().rss
        started = time.perf_counter()
        writer.write(answer.decision, outcome)
        spent.append(time.perf_counter() - started)
    _print("a row, one after the other", spent[WARM:])
    print(f"{'':<34}{(process.memory_info().rss - before) / 2**20:8.1f} MiB of resident growth in {count:,} rows")
    writer.close()
    with TraceStore(store) as opened:
        _read(f"read {count:,} rows", lambda: sum(1 for _ in opened.read()))
        pricing = Pricing(opened, load_catalogue())
        _read("read and summarise them", lambda: summarise(opened.read(), pricing.cost))
        _read("read whole decisions", lambda: sum(opened.decision(row).created > 0 for row in opened.read()))


def _read(name: str, work) -> None:
    started = time.perf_counter()
    work()
    print(f"{name:<34}{time.perf_counter() - started:8.2f} s")


def _print(name: str, spent: list[float]) -> None:
    p50, p99 = statistics.median(spent), statistics.quantiles(spent, n=100)[98]
    print(f"{name:<34}p50 {1e6 * p50:6.0f} us   p99 {1e6 * p99:6.0f} us")


if __name__ == "__main__":
    main()
