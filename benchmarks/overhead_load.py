"""Many callers at once, and many calls: requests a second and resident memory."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator

import psutil
from overhead_router import PROMPTS, user_of

from qwen_router import Request, Router

_number = itertools.count()


def next_request() -> Request:
    """Return a request that was not sent before."""
    number = next(_number)
    return Request.of(PROMPTS[number % len(PROMPTS)], user=user_of(number))


def threads_rate(router: Router, callers: int, seconds: float) -> float:
    """Return the requests a second that so many threads get answered with `invoke`."""
    ends = time.perf_counter() + seconds
    counts = [0] * callers

    def call(caller: int) -> None:
        while time.perf_counter() < ends:
            router.invoke(next_request())
            counts[caller] += 1

    started = time.perf_counter()
    threads = [threading.Thread(target=call, args=(caller,)) for caller in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def tasks_rate(router: Router, callers: int, seconds: float) -> float:
    """Return the requests a second that so many tasks of one event loop get answered with `ainvoke`."""
    return asyncio.run(_tasks_rate(router, callers, seconds))


async def _tasks_rate(router: Router, callers: int, seconds: float) -> float:
    ends = time.perf_counter() + seconds

    async def call() -> int:
        count = 0
        while time.perf_counter() < ends:
            await router.ainvoke(next_request())
            count += 1
        return count

    started = time.perf_counter()
    counts = await asyncio.gather(*(call() for _ in range(callers)))
    return sum(counts) / (time.perf_counter() - started)


def resident(router: Router, calls: int, samples: int = 20) -> Iterator[tuple[int, float]]:
    """Yield (calls so far, resident megabytes) `samples` times, and once before."""
    process = psutil.Process()
    done = 0
    yield done, process.memory_info().rss / 1e6
    for sample in range(1, samples + 1):
        while done < calls * sample // samples:
            router.invoke(next_request())
            done += 1
        yield done, process.memory_info().rss / 1e6
