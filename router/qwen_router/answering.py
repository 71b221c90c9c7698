"""Runs the graph for one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from langchain_core.runnables import RunnableConfig

from qwen_router import guards
from qwen_router.call import Call
from qwen_router.graph import build_graph
from qwen_router.request import Chunk, Request
from qwen_router.run_context import apart
from qwen_router.services import Services
from qwen_router.state import State
from qwen_router.threads import Threads
from qwen_router.types import Answer


class Answering:
    """The graph of a router, and the one that keeps conversations, which is compiled when the first is kept."""

    def __init__(self, services: Services, threads: Threads) -> None:
        self._services, self._threads = services, threads
        self._graph = build_graph()

    def run(self, request: Request, write: Callable[[Chunk], None]) -> Answer:
        """Return the answer, and tell the guards when all is over.

        Raises:
            RouterError: The request can't be answered, or its conversation not be read or kept.
        """
        call, answer = Call(self._services, write), None
        try:
            answer = self._alone(request, call) if request.thread is None else self._kept(request, request.thread, call)
        finally:
            guards.settle(self._services.manager, request, answer, call.used, self._services.settings)
        call.restoration.close()
        return answer

    def _alone(self, request: Request, call: Call) -> Answer:
        with apart():
            state = self._graph.invoke(State(request=request), _config(None), context=call)
        return cast(Answer, state["answer"])

    def _kept(self, request: Request, thread: str, call: Call) -> Answer:
        # Only whole turns are kept.
        durability: Any = "exit"
        with self._threads.writing(thread) as graph, apart():
            state = graph.invoke(State(request=request), _config(thread), context=call, durability=durability)
        return cast(Answer, state["answer"])


def _config(thread: str | None) -> RunnableConfig:
    return {"recursion_limit": 200, "configurable": {"thread_id": thread}}
