"""Measures what each observer takes of a call: of one event, and of all events of a call together."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from qwen_router import Event, Hints, Router, hookimpl, load_settings
from qwen_router.hooks import call_impl
from qwen_router.testing import FakeBackend

MODEL = "Qwen/Qwen3-0.6B"
WARM_UP = 50


class Recorder:
    """Keeps the events of a call."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @hookimpl
    def observe(self, event: Event) -> None:
        """Keep one."""
        self.events.append(event)


def main() -> None:
    """Print the median and the 99th percentile, in microseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--endpoint", default="", help="A collector to send spans to, such as http://localhost:4318.")
    args = parser.parse_args()
    off = {"enabled": False}
    with tempfile.TemporaryDirectory() as directory:
        settings = load_settings(
            weights={"sources": [], "cache": directory},
            backends={"llama_cpp": off, "transformers": off, "openai_api": off},
            traces={"path": str(Path(directory) / "traces.sqlite")},
            telemetry={"endpoint": args.endpoint},
        )
        recorder = Recorder()
        with Router(settings, plugins=[FakeBackend([MODEL]), recorder]) as router:
            for _ in range(2):
                # The second call finds its model loaded.
                recorder.events.clear()
                router.invoke("What is the capital of France?", hints=Hints(task="general", thinking=False))
            _report(router, list(recorder.events), args.rounds)


def _report(router: Router, events: list[Event], rounds: int) -> None:
    impls = [i for i in router._services.manager.hook.observe.get_hookimpls() if i.plugin_name != "Recorder"]
    print(f"{len(events)} events a call" + " " * 19 + "an event p50      p99    a call p50      p99")
    every: list[float] = [0.0] * rounds
    for impl in impls:
        single, whole = _measure(impl, events, rounds)
        every = [a + b for a, b in zip(every, whole, strict=True)]
        worst = max(single, key=lambda kind: statistics.median(single[kind]))
        flat = [seconds for kind in single.values() for seconds in kind]
        name = impl.plugin_name.removeprefix("qwen_router_plugins.observers.")
        print(f"{name:<36} {_us(flat)}      {_us(whole)}   slowest: {worst} {_us(single[worst])}")
    print(f"{'all together':<36} {'':>18}      {_us(every)}")


def _measure(impl: Any, events: list[Event], rounds: int) -> tuple[dict[str, list[float]], list[float]]:
    """Return the seconds of each event by its kind, and of each call."""
    single: dict[str, list[float]] = defaultdict(list)
    whole = []
    for at in range(rounds + WARM_UP):
        took = 0.0
        for event in events:
            told = {"event": _of_request(event, f"request-{at}")}
            started = time.perf_counter()
            call_impl(impl, told)
            seconds = time.perf_counter() - started
            took += seconds
            if at >= WARM_UP:
                single[type(event).__name__].append(seconds)
        if at >= WARM_UP:
            whole.append(took)
    return single, whole


def _of_request(event: Event, request_id: str) -> Event:
    changed: dict[str, Any] = {"request_id": request_id}
    if (answer := getattr(event, "answer", None)) is not None:
        decision = answer.decision.model_copy(update={"request_id": request_id})
        changed["answer"] = answer.model_copy(update={"decision": decision})
    if (request := getattr(event, "request", None)) is not None:
        changed["request"] = request.model_copy(update={"id": request_id})
    return replace(event, **changed)


def _us(seconds: list[float]) -> str:
    return f"{1e6 * statistics.median(seconds):8.1f} {1e6 * statistics.quantiles(seconds, n=100)[98]:8.1f}"


if __name__ == "__main__":
    main()
