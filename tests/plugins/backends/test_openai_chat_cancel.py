"""Calls of the chat model that end early."""

from __future__ import annotations

import threading

import pytest
from openai_chats import GOOD, served
from servers import Handler, delta, error, hang, stream

from qwen_router.cancellation import Cancellation, cancellation_scope
from qwen_router_plugins.backends.openai_api.chat import ChatOpenAICompatible


@pytest.mark.parametrize("words", [[], ["a"]])
def test_cancelling_wakes_the_wait_and_frees_the_server(words: list[str]) -> None:
    with served(stream(*(delta(content=word) for word in words), then="hang") if words else hang) as (server, chat):
        call = _Call(chat, words)
        assert server.hanging.wait(5)
        assert call.cancelled() == words
        assert server.left.wait(5)
        assert len(server.asked) == 1


def test_a_deadline_ends_a_hang() -> None:
    with served(hang) as (server, chat), cancellation_scope(Cancellation(deadline=0.2)):
        assert chat.invoke("Hi").content == ""
        assert server.left.wait(5)


def test_cancelling_ends_the_wait_for_another_try() -> None:
    busy, answered = error(429, "later", retry_after="50"), threading.Event()

    def reply(handler: Handler) -> None:
        busy(handler)
        answered.set()

    with served(reply) as (server, chat):
        call = _Call(chat, [])
        assert answered.wait(5)
        assert call.cancelled() == []
        assert len(server.asked) == 1


def test_a_cancelled_call_asks_nothing() -> None:
    with served(GOOD) as (server, chat):
        cancellation = Cancellation()
        cancellation.cancel()
        with cancellation_scope(cancellation):
            assert chat.invoke("Hi").content == ""
    assert server.asked == []


def test_closing_a_stream_closes_the_connection() -> None:
    with served(stream(delta(content="a"), then="hang")) as (server, chat):
        chunks = chat.stream("Hi")
        assert next(chunks).content == "a"
        chunks.close()  # type: ignore[attr-defined]
        assert server.left.wait(5)


def test_threads_share_a_model_and_cancel_alone() -> None:
    with served(stream(delta(content="a"), then="hang"), GOOD) as (server, chat):
        call = _Call(chat, ["a"])
        assert server.hanging.wait(5)
        assert chat.invoke("Hi").content == "Hello"
        assert call.cancelled() == ["a"]


class _Call:
    """Streams in a thread of its own."""

    def __init__(self, chat: ChatOpenAICompatible, words: list[str]) -> None:
        self._chat, self._words, self._got = chat, words, list[str]()
        self._cancellation, self._arrived = Cancellation(), threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def cancelled(self) -> list[str]:
        """Cancel when the words have arrived, and return what came in all."""
        assert self._arrived.wait(5)
        self._cancellation.cancel()
        self._thread.join(5)
        assert not self._thread.is_alive()
        return self._got

    def _work(self) -> None:
        if not self._words:
            self._arrived.set()
        with cancellation_scope(self._cancellation):
            for chunk in self._chat.stream("Hi"):
                if chunk.content:
                    self._got.append(str(chunk.content))
                    self._arrived.set()
