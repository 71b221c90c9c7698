"""Measures the router's own work per call, with a model that answers at once.

Everything runs in one process and one run, taking turns round by round, so that other work on the machine touches all
alike. `--calls 100000` adds the growth of resident memory, `--real` tokens a second of a real model.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import overhead_plots
import throughput
from overhead_load import next_request, resident, tasks_rate, threads_rate
from overhead_others import bare_langgraph, litellm_router
from overhead_router import ANSWER, PROMPTS, instant_router
from overhead_steps import Stopwatch

from qwen_router import Router

Times = dict[str, list[float]]
_CALLERS = (1, 8, 64)


def main() -> None:
    """Print the tables of benchmarks/README.md."""
    args = _arguments()
    print(f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores\n")
    others = _others(args.packages)
    with instant_router() as router, instant_router(everything=False) as shipped:
        for warming in (shipped, router):
            _warm(warming)
        whole = _in_turns(router, shipped, others, args.rounds, args.each)
        steps = _steps(router, args.rounds * args.each)
        rates = {callers: _rates(router, callers, args.seconds) for callers in _CALLERS}
        memory = _memory(router, args.calls)
    _print_times("whole call", whole)
    _print_times("step of router.invoke", steps)
    _print_rates(rates)
    if memory:
        print(f"\n{memory[-1][0]:,} calls: {memory[-1][1] - memory[0][1]:+.1f} MB resident, from {memory[0][1]:.0f} MB")
    if args.plot:
        medians = {name: 1000 * statistics.median(times) for name, times in (steps | whole).items()}
        parts = {name: medians[name] for name in steps}
        overhead_plots.overhead(parts, {name: medians[name] for name in whole}, memory, args.plot)
    print(f"\nload after: {os.getloadavg()[0]:.2f}")
    if args.real:
        throughput.measure(rounds=args.rounds * 3, tokens=128)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--each", type=int, default=300, help="calls of each in a round")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement of requests a second")
    parser.add_argument("--calls", type=int, default=0, help="calls over which resident memory is watched")
    parser.add_argument("--real", action="store_true", help="measure tokens a second with a real model, too")
    parser.add_argument("--packages", type=Path, help="where litellm is: pip install --target DIR litellm")
    parser.add_argument("--plot", type=Path, help="where to draw the picture")
    return parser.parse_args()


def _others(packages: Path | None) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return what the router is held against, as calls to be awaited."""
    graph = bare_langgraph()

    async def invoke_graph() -> object:
        return graph.invoke({"at": ""})

    calls: dict[str, Callable[[], Awaitable[object]]] = {"LangGraph alone, 8 nodes": invoke_graph}
    if (ask := litellm_router(packages, ANSWER)) is None:
        print("litellm is not installed, so it is left out: pip install --target DIR litellm, then --packages DIR.\n")
        return calls
    calls["litellm.Router.acompletion, mock"] = lambda: ask(PROMPTS[1])
    return calls


def _warm(router: Router) -> None:
    for _ in range(200):
        answer = router.invoke(next_request())
        assert answer.text == ANSWER, answer


def _in_turns(router: Router, shipped: Router, others: dict[str, Any], rounds: int, each: int) -> Times:
    """Return the seconds of whole calls; each round measures everything, beginning with another."""

    async def invoke() -> object:
        return router.invoke(next_request())

    async def invoke_shipped() -> object:
        return shipped.invoke(next_request())

    calls = {
        "router.invoke, everything on": invoke,
        "router.ainvoke, everything on": lambda: router.ainvoke(next_request()),
        "router.invoke, as shipped": invoke_shipped,
        **others,
    }
    times: Times = defaultdict(list)

    async def measure() -> None:
        names = list(calls)
        for number in range(rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                times[name] += [await _timed(calls[name]) for _ in range(each)]

    for call in others.values():
        asyncio.run(_repeat(call, 100))
    asyncio.run(measure())
    return {name: times[name] for name in calls}


async def _repeat(call: Callable[[], Awaitable[object]], times: int) -> None:
    for _ in range(times):
        await call()


async def _timed(call: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await call()
    return time.perf_counter() - started


def _steps(router: Router, calls: int) -> Times:
    watch, times = Stopwatch(), defaultdict(list)
    with watch.installed():
        for _ in range(calls):
            request = next_request()
            for name, seconds in watch.time(lambda request=request: router.invoke(request)).items():  # type: ignore[misc]
                times[name].append(seconds)
    return dict(times)


def _rates(router: Router, callers: int, seconds: float) -> tuple[float, float]:
    return threads_rate(router, callers, seconds), tasks_rate(router, callers, seconds)


def _memory(router: Router, calls: int) -> list[tuple[int, float]]:
    if not calls:
        return []
    # Quotas remember a minute: what they hold grows until then.
    ends = time.monotonic() + 65
    while time.monotonic() < ends:
        router.invoke(next_request())
    return list(resident(router, calls))


def _print_times(title: str, times: Times) -> None:
    print(f"| {title} | p50, ms | p99, ms |\n|---|---|---|")
    for name, seconds in times.items():
        cuts = statistics.quantiles(seconds, n=100)
        print(f"| {name} | {1000 * cuts[49]:.3f} | {1000 * cuts[98]:.3f} |")
    print()


def _print_rates(rates: dict[int, tuple[float, float]]) -> None:
    print("| callers at once | threads, `invoke`, requests/s | tasks, `ainvoke`, requests/s |\n|---|---|---|")
    for callers, (threads, tasks) in rates.items():
        print(f"| {callers} | {threads:.0f} | {tasks:.0f} |")


if __name__ == "__main__":
    main()
