"""Runs calls through the graph, so many at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, cast

from langchain_core.runnables import RunnableConfig

from qwen_router import guards
from qwen_router.call import Call
from qwen_router.cancellation import Cancellation, cancellation_scope
from qwen_router.errors import RouterError
from qwen_router.graph import build_graph
from qwen_router.request import Chunk, Request
from qwen_router.run_context import apart
from qwen_router.services import Services
from qwen_router.state import State
from qwen_router.threads import Threads
from qwen_router.types import Answer

_LONGEST_WAIT = 0.02
"""Seconds between two looks at the cancellation while a call waits for its turn."""
_MOST_STEPS = 200


class Runner:
    """Runs each call in its caller's thread. Threads share it.

    Args:
        services: What the nodes work with.
        threads: The conversations that are kept.
        most: Calls at the same time; more wait.
    """

    def __init__(self, services: Services, threads: Threads, most: int) -> None:
        self._services, self._threads, self._most = services, threads, most
        self._graph = build_graph()
        self._slots = threading.BoundedSemaphore(most)
        self.closed = False

    def run(
        self, request: Request, cancellation: Callable[[float | None], Cancellation], write: Callable[[Chunk], None]
    ) -> Answer:
        """Answer a request in this thread, once it is its turn.

        Args:
            cancellation: Makes the call's, with its deadline.
            write: Takes the chunks of the answer.
        """
        self.check_open()
        came, recent = time.perf_counter(), self._services.recent
        try:
            with cancellation_scope(cancellation(request.deadline)) as scope:
                answer = self._take_turn(request, scope, write)
        except BaseException as error:
            recent.failed(error, time.perf_counter() - came)
            raise
        recent.answered(answer, time.perf_counter() - came)
        return answer

    def check_open(self) -> None:
        """Raise when no calls are taken any more.

        Raises:
            RouterError: The router is closed.
        """
        if self.closed:
            raise RouterError("The router is closed.", "Make a new one.")

    def wait(self) -> None:
        """Wait for the calls in progress; none begins after them."""
        self.closed = True
        for _ in range(self._most):
            self._slots.acquire()

    def draw(self) -> str:
        """Return the graph as a Mermaid diagram."""
        return self._graph.get_graph().draw_mermaid()

    def _take_turn(self, request: Request, cancellation: Cancellation, write: Callable[[Chunk], None]) -> Answer:
        with self._services.calls.call(request.id) as begin:
            while not self._slots.acquire(timeout=_LONGEST_WAIT):
                cancellation.check()
                self.check_open()
            try:
                begin()
                return self._answer(request, write)
            finally:
                self._slots.release()

    def _answer(self, request: Request, write: Callable[[Chunk], None]) -> Answer:
        call, answer = Call(self._services, write), None
        try:
            answer = self._alone(request, call) if request.thread is None else self._kept(request, request.thread, call)
        finally:
            guards.settle(self._services.manager, request, answer, call.used, self._services.settings)
        call.restoration.close()
        return answer

    def _alone(self, request: Request, call: Call) -> Answer:
        config = RunnableConfig(recursion_limit=_MOST_STEPS)
        with apart():
            found: Any = self._graph.invoke(State(request=request), config, context=call, output_keys="answer")
        return cast(Answer, found)

    def _kept(self, request: Request, thread: str, call: Call) -> Answer:
        config = RunnableConfig(recursion_limit=_MOST_STEPS, configurable={"thread_id": thread})
        # Only whole turns are kept.
        durability: Any = "exit"
        with self._threads.writing(thread) as graph, apart():
            given = State(request=request)
            found: Any = graph.invoke(given, config, context=call, durability=durability, output_keys="answer")
        return cast(Answer, found)
