"""The asyncio side of the chat model against a server that misbehaves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from servers import Reply, ScriptedServer, delta, error, hang, refuse_unknown, says, scripted, stream

from qwen_router.cancellation import Cancellation, cancellation_scope
from qwen_router.errors import BackendError, BackendUnavailable, Overloaded, RouterError
from qwen_router_plugins.backends.openai_api.chat import ChatOpenAICompatible

GOOD = stream(*says("Hel", "lo"))


@asynccontextmanager
async def served(*script: Reply, timeout: float = 5.0) -> AsyncIterator[tuple[ScriptedServer, ChatOpenAICompatible]]:
    with scripted(*script) as server:
        chat = ChatOpenAICompatible(model="m", base_url=server.url, timeout=timeout, retry_delay=0.01)
        try:
            yield server, chat
        finally:
            await chat.root_async_client.close()
            chat.close()


async def test_astream_ends_with_reason_and_usage_in_one_chunk() -> None:
    async with served(GOOD) as (_, chat):
        chunks = [chunk async for chunk in chat.astream("Hi")]
    assert [chunk.content for chunk in chunks if chunk.content] == ["Hel", "lo"]
    (last,) = [chunk for chunk in chunks if chunk.response_metadata.get("finish_reason")]
    assert last.usage_metadata is not None
    assert last.usage_metadata["output_tokens"] == 2


@pytest.mark.parametrize(
    ("script", "requests"),
    [
        ([error(429, "slow down", retry_after="0.01"), GOOD], 2),
        ([error(500, "oops"), error(500, "oops"), GOOD], 3),
        ([stream(then="cut"), GOOD], 2),
    ],
)
async def test_what_may_pass_is_tried_again(script: list[Reply], requests: int) -> None:
    async with served(*script) as (server, chat):
        assert (await chat.ainvoke("Hi")).content == "Hello"
        assert len(server.asked) == requests


async def test_strict_servers_get_what_they_know() -> None:
    async with served(refuse_unknown) as (server, chat):
        assert (await chat.ainvoke("Hi", top_k=3)).content == "Hi"
        assert "top_k" not in server.asked[-1].body


@pytest.mark.parametrize(
    ("reply", "kind", "says_so", "requests"),
    [
        (error(500, "oops"), BackendError, "failed 3 times", 3),
        (error(429, "busy"), Overloaded, "busy", 3),
        (error(401, "who?"), RouterError, "QWEN_ROUTER_API_KEY", 1),
        (stream(delta(content="a"), then="cut"), BackendError, "broke off after about 1 token", 1),
        (stream("{garbage"), BackendError, "not the OpenAI API", 1),
    ],
)
async def test_faults_are_router_errors(reply: Reply, kind: type[RouterError], says_so: str, requests: int) -> None:
    async with served(reply) as (server, chat):
        with pytest.raises(kind, match=says_so):
            await chat.ainvoke("Hi")
        assert len(server.asked) == requests


@pytest.mark.parametrize("reply", [hang, stream(delta(content="a"), then="hang")])
async def test_a_hang_ends_with_the_timeout(reply: Reply) -> None:
    async with served(reply, timeout=0.2) as (server, chat):
        with pytest.raises(BackendError, match=r"sent no byte for 0.2 s"):
            await chat.ainvoke("Hi")
        assert len(server.asked) == 1
        assert await asyncio.to_thread(server.left.wait, 5)


async def test_a_server_that_is_down() -> None:
    with scripted() as gone:
        url = gone.url
    chat = ChatOpenAICompatible(model="m", base_url=url, retry_delay=0.01)
    with pytest.raises(BackendUnavailable, match="doesn't answer, asked 3 times"):
        await chat.ainvoke("Hi")
    chat.close()


@pytest.mark.parametrize("reply", [hang, stream(delta(content="a"), then="hang")])
async def test_a_cancelled_task_frees_the_server(reply: Reply) -> None:
    async with served(reply) as (server, chat):
        task = asyncio.create_task(chat.ainvoke("Hi"))
        assert await asyncio.to_thread(server.hanging.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.left.wait, 5)


@pytest.mark.parametrize("words", [[], ["a"]])
async def test_cancelling_from_another_thread_ends_the_call_quietly(words: list[str]) -> None:
    cancellation, arrived, got = Cancellation(), threading.Event(), []

    def cancel() -> None:
        if arrived.wait(5) and server.hanging.wait(5):
            cancellation.cancel()

    if not words:
        arrived.set()
    async with served(stream(*(delta(content=word) for word in words), then="hang") if words else hang) as (
        server,
        chat,
    ):
        thread = threading.Thread(target=cancel)
        thread.start()
        with cancellation_scope(cancellation):
            async for chunk in chat.astream("Hi"):
                got.append(chunk.content)
                arrived.set()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        assert await asyncio.to_thread(server.left.wait, 5)
        thread.join()
    assert "".join(got) == "".join(words)


async def test_a_deadline_ends_a_hang() -> None:
    async with served(hang) as (server, chat):
        with cancellation_scope(Cancellation(deadline=0.2)):
            assert (await chat.ainvoke("Hi")).content == ""
        assert await asyncio.to_thread(server.left.wait, 5)


async def test_cancelling_ends_the_wait_for_another_try() -> None:
    async with served(error(429, "later", retry_after="50")) as (server, chat):
        with cancellation_scope(Cancellation(deadline=0.2)):
            assert (await chat.ainvoke("Hi")).content == ""
        assert len(server.asked) == 1


async def test_closing_a_stream_closes_the_connection() -> None:
    async with served(stream(delta(content="a"), then="hang")) as (server, chat):
        chunks = chat.astream("Hi")
        assert (await anext(chunks)).content == "a"
        await chunks.aclose()  # type: ignore[attr-defined]
        assert await asyncio.to_thread(server.left.wait, 5)


async def test_tasks_run_side_by_side() -> None:
    async with served(GOOD) as (server, chat):
        answers = await asyncio.gather(*(chat.ainvoke("Hi") for _ in range(5)))
        assert [answer.content for answer in answers] == ["Hello"] * 5
        assert len(server.asked) == 5
