"""The Python API: one router, shared by threads and tasks."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from langgraph.graph.state import CompiledStateGraph

from qwen_router import deciding, inventory, listing, storage
from qwen_router.backend import ModelFiles, Progress
from qwen_router.cancellation import Cancellation
from qwen_router.config import Settings
from qwen_router.health import Health
from qwen_router.health.check import check_health
from qwen_router.manager import build_manager
from qwen_router.preloading import preload
from qwen_router.request import Chunk, Request, as_request
from qwen_router.resources import Resources
from qwen_router.runner import Runner
from qwen_router.services import Services
from qwen_router.settings_file import load_settings
from qwen_router.threads import Threads
from qwen_router.types import Answer, Classification, Decision

T = TypeVar("T")


class Router:
    """Routes requests to the Qwen model that answers them best on this machine.

    The models of `pool.preload` are loaded in the background: a router answers at once, with what is there.

    Every method takes a `Request`, a string, a message or a list of messages; keyword arguments fill the request's
    other fields, such as `hints=Hints(task="math")`.

    Attributes:
        settings: What the operator set.
        threads: The conversations that are kept.

    Args:
        settings: What the operator set.
        plugins: Modules or objects with hooks, beside the built-in and the allowed ones.
        progress: Told of a fetch or a join of weights that a request waits for.
        stages: 1 never asks the classifier's second stage, the sentence encoder.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        plugins: Iterable[object] = (),
        progress: Progress | None = None,
        stages: int = 2,
    ) -> None:
        self.settings = settings or Settings()
        self._services = Services.build(self.settings, build_manager(self.settings, plugins), stages=stages)
        if progress is not None:
            self._services.progress = progress
        self.threads = Threads(self.settings)
        self._runner = Runner(self._services, self.threads, self.settings.router.max_concurrency)
        self._workers = ThreadPoolExecutor(self.settings.router.max_concurrency, thread_name_prefix="qwen-router")
        self._services.start()
        if self.settings.pool.preload:
            # Beside the requests: one that needs the model waits for that very load.
            threading.Thread(target=preload, args=(self._services,), name="qwen-router-preload", daemon=True).start()

    @classmethod
    def from_config(
        cls,
        path: str | Path | None = None,
        *,
        plugins: Iterable[object] = (),
        progress: Progress | None = None,
        **overrides: Any,
    ) -> Self:
        """Make a router from a TOML file and the environment; see `load_settings` for these and its errors."""
        return cls(load_settings(path, **overrides), plugins=plugins, progress=progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let calls finish that hold a model, tell the others, and unload all. Closing twice does nothing."""
        if not self._runner.closed:
            self._runner.closed = True
            self._services.pool.drain()
            self._workers.shutdown(wait=True)
            # Calls of `invoke` run in their callers' threads.
            self._runner.wait()
            self._services.close()
            self.threads.close()

    def explain(self, request: Any, **fields: Any) -> Decision:
        """Return the decision for a request without loading a model."""
        return deciding.explain(self._services, as_request(request, fields))

    def classify(self, request: Any, **fields: Any) -> Classification:
        """Return what a request is, without deciding on a model."""
        return deciding.classify(self._services, as_request(request, fields))

    def models(
        self, task: str | None = None, *, ram: int | None = None, vram: int | None = None
    ) -> list[listing.Listing]:
        """Return how the catalogue's models, or one task's, stand here, or on a machine with `ram` and `vram` bytes."""
        here = ram is None and vram is None
        machine = None if here else listing.imagine(self.resources, ram=ram, vram=vram)
        return listing.list_models(self._services, task, resources=machine)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that specialists serve."""
        return tuple(self._services.registry.specialists)

    @property
    def resources(self) -> Resources:
        """What this machine has just now; what our own models take counts as free."""
        return self._services.resources()

    def health(self, *, deep: bool = False) -> Health:
        """Say how the router is, what was measured, and what to do about it; see `[health]` for the limits.

        Args:
            deep: Make one short call for each loaded model, too; where none is loaded, for the one that a plain request
                would take.
        """
        return check_health(self._services, deep=deep)

    def pull(self, model: str, *, precision: str | None = None, progress: Progress | None = None) -> ModelFiles:
        """Bring a model's files here; see `inventory.pull` for what it raises."""
        return inventory.pull(self._services, model, precision, progress or self._services.progress)

    def disk_use(self, model: str | None = None, *, precision: str | None = None) -> storage.DiskUse:
        """Return what lies on this machine of all models, or of one."""
        return storage.disk_use(self._services, model, precision)

    def remove(self, model: str, *, precision: str | None = None) -> int:
        """Remove what the router put on the disk of a model and return the bytes; see `storage.remove`."""
        return storage.remove(self._services, model, precision)

    def invoke(self, request: Any, **fields: Any) -> Answer:
        """Answer one request.

        Raises:
            RouterError: See `qwen_router.errors`. A denied request is no error: its answer is `refused`.
        """
        return self._runner.run(as_request(request, fields), Cancellation, _unseen)

    def stream(self, request: Any, **fields: Any) -> Generator[Chunk | Answer]:
        """Yield the answer's chunks as they come, the steps of a compound request in their order, then the `Answer`.

        Closing the iterator stops the model.
        """
        made = as_request(request, fields)
        cancellation = Cancellation(made.deadline)
        arriving: queue.SimpleQueue[Chunk | Answer | BaseException] = queue.SimpleQueue()
        self._submit(self._run_into, made, cancellation, arriving.put)
        try:
            while True:
                item = arriving.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
                if isinstance(item, Answer):
                    return
        finally:
            cancellation.cancel()

    def batch(
        self,
        requests: Sequence[Any],
        *,
        max_concurrency: int | None = None,
        return_exceptions: bool = False,
        **fields: Any,
    ) -> list[Answer | BaseException]:
        """Answer several requests at once, in their order.

        Args:
            requests: What `invoke` takes, each.
            max_concurrency: How many run together; the router's own limit holds as well.
            return_exceptions: Put an error in its request's place instead of raising the first.
        """
        with ThreadPoolExecutor(max_concurrency or max(1, len(requests))) as threads:
            futures = [threads.submit(self.invoke, request, **fields) for request in requests]
            results = [(f.exception() or f.result()) for f in futures]
        return results if return_exceptions else _raising(results)

    async def ainvoke(self, request: Any, **fields: Any) -> Answer:
        """Answer one request. Cancelling the task stops the model."""
        made = as_request(request, fields)
        cancellation = Cancellation(made.deadline)
        answering = self._submit(self._runner.run, made, lambda _: cancellation, _unseen)
        try:
            return await asyncio.wrap_future(answering)
        finally:
            cancellation.cancel()

    async def astream(self, request: Any, **fields: Any) -> AsyncIterator[Chunk | Answer]:
        """Yield what `stream` yields. Cancelling the task or closing the iterator stops the model."""
        made = as_request(request, fields)
        cancellation = Cancellation(made.deadline)
        loop = asyncio.get_running_loop()
        arriving: asyncio.Queue[Chunk | Answer | BaseException] = asyncio.Queue()

        def put(item: Chunk | Answer | BaseException) -> None:
            # A loop that was closed has nobody left to tell.
            if not loop.is_closed():
                loop.call_soon_threadsafe(arriving.put_nowait, item)

        self._submit(self._run_into, made, cancellation, put)
        try:
            while True:
                item = await arriving.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
                if isinstance(item, Answer):
                    return
        finally:
            cancellation.cancel()

    async def abatch(
        self,
        requests: Sequence[Any],
        *,
        max_concurrency: int | None = None,
        return_exceptions: bool = False,
        **fields: Any,
    ) -> list[Answer | BaseException]:
        """Answer several requests at once, in their order; see `batch`."""
        slots = asyncio.Semaphore(max_concurrency or max(1, len(requests)))

        async def one(request: Any) -> Answer:
            async with slots:
                return await self.ainvoke(request, **fields)

        results = await asyncio.gather(*(one(r) for r in requests), return_exceptions=True)
        return results if return_exceptions else _raising(results)

    def as_node(self, **options: Any) -> CompiledStateGraph[Any, Any, Any, Any]:
        """Return a graph that answers `messages`, to be a node of another LangGraph graph.

        The other graph's checkpointer doesn't reach into the router, its tracers and its `stream_mode="messages"` do.

        Args:
            options: Attributes of `ChatQwenRouter`, such as `task`.
        """
        from qwen_router.chat_model import ChatQwenRouter, graph_of

        return graph_of(ChatQwenRouter(router=self, **options))

    def draw(self) -> str:
        """Return the graph as a Mermaid diagram."""
        return self._runner.draw()

    def _submit(self, work: Callable[..., T], *args: Any) -> Future[T]:
        self._runner.check_open()
        # The caller's context goes along: tracing and callbacks are kept in it.
        return self._workers.submit(contextvars.copy_context().run, work, *args)

    def _run_into(self, request: Request, cancellation: Cancellation, put: Callable[[Any], None]) -> None:
        try:
            put(self._runner.run(request, lambda _: cancellation, put))
        except BaseException as error:
            put(error)


def _unseen(chunk: Chunk) -> None:
    """Drop a chunk: the caller waits for the whole answer."""


def _raising(results: Sequence[T | BaseException]) -> Any:
    """Return the results, or raise the first error among them."""
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return list(results)
