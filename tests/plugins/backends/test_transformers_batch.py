from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fixtures_checkpoints import TinyLoader
from langchain_core.messages import AIMessageChunk

from qwen_router.cancellation import Cancellation, cancellation_scope
from qwen_router.errors import BackendError, OutOfMemory

LONG = 200
"""More tokens than a test waits for."""


@pytest.fixture
def chat(load_tiny: TinyLoader) -> Any:
    return load_tiny("qwen2")


@pytest.fixture
def before_layer(load_tiny: TinyLoader) -> Iterator[Callable[..., Any]]:
    """Run a function before each call of a layer, until the test ends: `before_layer(chat, 0, function)`."""
    hooks = []

    def add(chat: Any, index: int, function: Callable[..., None]) -> Any:
        hooks.append(chat.engine.checkpoint.network.model.layers[index].register_forward_pre_hook(function))
        return hooks[-1]

    yield add
    for hook in hooks:
        hook.remove()


@pytest.fixture
def held(load_tiny: TinyLoader, before_layer: Callable[..., Any]) -> Iterator[Any]:
    """A model whose first layer waits at a gate: `held.engine.gate.set()` opens it."""
    chat = load_tiny("qwen2", max_batch=3)
    gate = chat.engine.gate = threading.Event()

    def wait(*_: Any) -> None:
        assert gate.wait(60)

    before_layer(chat, 0, wait)
    yield chat
    gate.set()


def wait_until(true: Any) -> None:
    for _ in range(6000):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came true")


def test_a_batch_says_what_single_calls_say(load_tiny: TinyLoader):
    prompts = ["Hi", "Tell me about the sea and the ships on it, at length.", "What is 2+2?", "你好"]
    single = [load_tiny("qwen2").invoke(p, max_tokens=10) for p in prompts]
    chat = load_tiny("qwen2", max_batch=len(prompts), gather=60)
    batched = chat.batch(prompts, max_tokens=10)
    assert list(chat.engine.batcher.batches) == [len(prompts)]
    assert [a.content for a in batched] == [a.content for a in single]
    assert [a.usage_metadata for a in batched] == [a.usage_metadata for a in single]


def test_the_rows_of_a_batch_share_the_tokens_of_one_context(load_tiny: TinyLoader):
    # The tiny model's context is 512 tokens: two answers of up to 200 fit beside each other, two of up to 300 don't.
    for tokens, batches in ((200, [2]), (300, [1, 1])):
        chat = load_tiny("qwen2", max_batch=2, gather=1)
        answers = chat.batch(["Hi", "Hi"], max_tokens=tokens, stop=["e", "a", "1", " "])
        assert list(chat.engine.batcher.batches) == batches
        assert len(answers) == 2


def test_rows_of_a_batch_keep_their_own_options(load_tiny: TinyLoader):
    options: list[dict[str, Any]] = [
        {"max_tokens": 4},
        {"max_tokens": 10, "temperature": 1.5, "seed": 5, "top_k": 50, "top_p": 0.9, "min_p": 0.01},
        {"max_tokens": 7, "repetition_penalty": 1.3, "presence_penalty": 1.0},
    ]
    single = [load_tiny("qwen2").invoke("Hello", **o).content for o in options]
    chat = load_tiny("qwen2", max_batch=3, gather=60)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda o: chat.invoke("Hello", **o).content, options)) == single
    assert list(chat.engine.batcher.batches) == [3]


def test_calls_that_come_while_a_batch_runs_form_the_next(held: Any):
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(held.invoke, "Hello", max_tokens=3)
        wait_until(lambda: held.engine.batcher._running)
        later = [pool.submit(held.invoke, f"Hello {n}", max_tokens=3) for n in range(4)]
        wait_until(lambda: held.engine.batcher.waiting == 4)
        held.engine.gate.set()
        assert all(f.result().usage_metadata["output_tokens"] == 3 for f in (first, *later))
    assert list(held.engine.batcher.batches) == [1, 3, 1]


def test_parallel_streams_interleave(load_tiny: TinyLoader):
    chat = load_tiny("qwen2", max_batch=2, gather=60)
    barrier = threading.Barrier(2, timeout=60)

    def read(prompt: str) -> str:
        stream = chat.stream(prompt, max_tokens=20)
        said = next(stream).content
        # Both have their first text before either goes on.
        barrier.wait()
        return said + "".join(c.content for c in stream)

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(read, ["Hello", "Good morning to you all"]))
    alone = load_tiny("qwen2")
    assert together == [alone.invoke(p, max_tokens=20).content for p in ("Hello", "Good morning to you all")]


def test_cancelling_one_row_leaves_the_others_whole(load_tiny: TinyLoader):
    whole = load_tiny("qwen2").invoke("Hello there", max_tokens=30).content
    chat = load_tiny("qwen2", max_batch=2, gather=60)
    cancellation = Cancellation()

    def cancelled() -> list[AIMessageChunk]:
        with cancellation_scope(cancellation):
            chunks = []
            for chunk in chat.stream("Hello", max_tokens=LONG):
                chunks.append(chunk)
                cancellation.cancel()
        return chunks

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(cancelled), pool.submit(chat.invoke, "Hello there", max_tokens=30)
        assert other.result().content == whole
        last = one.result()[-1]
    assert last.response_metadata["finish_reason"] == "cancelled"
    assert last.usage_metadata is not None
    assert last.usage_metadata["output_tokens"] < 30


def test_a_closed_stream_frees_the_slot(chat: Any):
    stream = chat.stream("Hello", max_tokens=LONG)
    next(stream)
    row = chat.engine.batcher._running[0]
    stream.close()
    assert row.done
    said = row.produced
    assert said < LONG
    wait_until(lambda: not chat.engine.batcher._running)
    assert row.produced <= said + 1


def test_a_cancelled_prefill_ends_at_the_next_layer(held: Any, before_layer: Callable[..., Any]):
    cancellation = Cancellation()
    passed: list[int] = []
    before_layer(held, 1, lambda *_: passed.append(1))

    def call() -> Any:
        with cancellation_scope(cancellation):
            return held.invoke("Hello", max_tokens=3)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(call)
        wait_until(lambda: held.engine.batcher._running)
        cancellation.cancel()
        # The caller is free while the layer still waits.
        assert answer.result().response_metadata["finish_reason"] == "cancelled"
        held.engine.gate.set()
        wait_until(lambda: not held.engine.batcher._running)
    assert passed == []
    assert held.invoke("Hello", max_tokens=3).usage_metadata["output_tokens"] == 3


def test_a_deadline_ends_the_call_even_while_it_waits(held: Any):
    with cancellation_scope(Cancellation(deadline=0.2)):
        answer = held.invoke("Hello", max_tokens=3)
    assert answer.response_metadata["finish_reason"] == "deadline"
    assert answer.usage_metadata["output_tokens"] == 0


async def test_a_deadline_ends_an_async_call(held: Any):
    with cancellation_scope(Cancellation(deadline=0.2)):
        answer = await held.ainvoke("Hello", max_tokens=3)
    assert answer.response_metadata["finish_reason"] == "deadline"


async def test_a_cancelled_task_frees_the_slot(chat: Any):
    started = asyncio.Event()

    async def read() -> None:
        async for _ in chat.astream("Hello", max_tokens=LONG):
            started.set()

    task = asyncio.create_task(read())
    await started.wait()
    row = chat.engine.batcher._running[0]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert row.done
    assert row.produced < LONG


def test_closing_ends_running_and_waiting_calls(held: Any):
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(held.invoke, "Hello", max_tokens=LONG)
        wait_until(lambda: held.engine.batcher._running)
        second = pool.submit(held.invoke, "Hello", max_tokens=LONG)
        wait_until(lambda: held.engine.batcher.waiting == 1)
        closing = pool.submit(held.close)
        for call in (first, second):
            with pytest.raises(BackendError, match="has been unloaded"):
                call.result()
        held.engine.gate.set()
        closing.result()


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), OutOfMemory),
        (MemoryError(), OutOfMemory),
        (RuntimeError("shapes don't match"), BackendError),
    ],
)
def test_a_fault_reaches_the_caller_and_the_next_call_works(
    chat: Any, before_layer: Callable[..., Any], raised: Exception, expected: type
):
    def fail(*_: Any) -> None:
        raise raised

    hook = before_layer(chat, 0, fail)
    with pytest.raises(expected) as error:
        chat.invoke("Hello", max_tokens=2)
    assert "\n" not in str(error.value)
    hook.remove()
    assert chat.invoke("Hello", max_tokens=2).usage_metadata["output_tokens"] == 2


def test_rows_that_do_not_fit_together_run_one_by_one(load_tiny: TinyLoader, before_layer: Callable[..., Any]):
    chat = load_tiny("qwen2", max_batch=2, gather=60)

    def fail(layer: Any, inputs: tuple[Any, ...]) -> None:
        if inputs[0].shape[0] > 1:
            raise RuntimeError("CUDA out of memory.")

    before_layer(chat, 0, fail)
    answers = chat.batch(["Hello", "Good morning"], max_tokens=3)
    assert [a.usage_metadata["output_tokens"] for a in answers] == [3, 3]
    assert list(chat.engine.batcher.batches) == [2, 1, 1]
