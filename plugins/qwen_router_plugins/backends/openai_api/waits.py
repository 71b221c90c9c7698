"""Waiting that ends when the call does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from qwen_router.cancellation import Cancellation

T = TypeVar("T")


class Stopped(Exception):
    """The call was cancelled or became late during a wait."""


def pause(seconds: float, cancellation: Cancellation) -> None:
    """Sleep in this thread, at most until the call ends."""
    ended = threading.Event()
    with cancellation.on_cancel(ended.set):
        left = cancellation.remaining
        ended.wait(seconds if left is None else min(seconds, left))


async def unless_stopped(awaitable: Awaitable[T], cancellation: Cancellation) -> T:
    """Await, but cancel what is awaited when the call ends.

    Raises:
        Stopped: It ended first. Cancelling the task itself raises `asyncio.CancelledError` as usual.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    asked_before, waiting, fired = task.cancelling(), True, False

    def fire() -> None:
        nonlocal fired
        # It runs in the loop; by then the wait may be over.
        if waiting and not fired:
            fired = task.cancel()

    left = cancellation.remaining
    timer = None if left is None else loop.call_later(left, fire)
    try:
        with cancellation.on_cancel(lambda: _soon(loop, fire)):
            return await awaitable
    except BaseException as error:
        if fired and task.uncancel() <= asked_before and isinstance(error, Exception | asyncio.CancelledError):
            raise Stopped from None
        raise
    finally:
        waiting = False
        if timer is not None:
            timer.cancel()


def _soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(callback)
