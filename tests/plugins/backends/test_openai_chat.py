"""The chat model against a server that misbehaves."""

from __future__ import annotations

import logging
import socket
import traceback

import pytest
from langchain_core.messages import AIMessageChunk
from openai_chats import GOOD, KEY, chat_at, served
from servers import Reply, delta, error, finish, hang, json_reply, refuse_unknown, says, stream

from qwen_router.backend import call_options
from qwen_router.errors import BackendError, BackendUnavailable, ConfigError, Overloaded, RouterError
from qwen_router.request import Sampling


def test_stream_ends_with_reason_and_usage_in_one_chunk() -> None:
    with served(GOOD) as (server, chat):
        chunks = list(chat.stream("Hi"))
    said = [chunk for chunk in chunks if chunk.content]
    assert [chunk.content for chunk in said] == ["Hel", "lo"]
    last = next(chunk for chunk in chunks if chunk.response_metadata.get("finish_reason"))
    assert isinstance(last, AIMessageChunk)
    assert last.response_metadata["finish_reason"] == "stop"
    assert last.usage_metadata is not None
    assert (last.usage_metadata["input_tokens"], last.usage_metadata["output_tokens"]) == (7, 2)
    assert server.asked[0].body["stream_options"] == {"include_usage": True}
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_invoke_streams_too() -> None:
    with served(stream(*says("Hel", "lo", reason="length"))) as (server, chat):
        answer = chat.invoke("Hi")
    assert answer.content == "Hello"
    assert answer.response_metadata["finish_reason"] == "length"
    assert server.asked[0].body["stream"] is True


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_is_kept(field: str) -> None:
    with served(stream(delta(**{field: "Let "}), delta(**{field: "me."}), *says("4"))) as (_, chat):
        answer = chat.invoke("2+2?")
    assert answer.content == "4"
    assert answer.additional_kwargs["reasoning_content"] == "Let me."


@pytest.mark.parametrize(
    ("reason", "known"),
    [("eos", "stop"), ("max_tokens", "length"), ("function_call", "tool_calls"), ("length", "length")],
)
def test_finish_reasons_are_the_routers(reason: str, known: str) -> None:
    with served(stream(*says("x", reason=reason))) as (_, chat):
        assert chat.invoke("Hi").response_metadata["finish_reason"] == known


@pytest.mark.parametrize(
    ("script", "requests"),
    [
        ([error(429, "slow down", retry_after="0.01"), GOOD], 2),
        ([error(500, "oops"), error(500, "oops"), GOOD], 3),
        ([error(503, "loading"), GOOD], 2),
        # A connection that breaks before the first token, and one right after the role.
        ([stream(then="cut"), GOOD], 2),
        ([stream(delta(role="assistant", content=""), then="cut"), GOOD], 2),
    ],
)
def test_what_may_pass_is_tried_again(script: list[Reply], requests: int) -> None:
    with served(*script) as (server, chat):
        assert chat.invoke("Hi").content == "Hello"
    assert len(server.asked) == requests


def test_retries_wait_longer_each_time_and_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("qwen_router_plugins.backends.openai_api.chat.pause", lambda seconds, _: waits.append(seconds))
    script = [error(500, "a"), error(500, "b"), error(429, "c", retry_after="7"), GOOD]
    with served(*script, max_retries=3, retry_delay=1.0) as (_, chat):
        chat.invoke("Hi")
    assert 0.75 <= waits[0] <= 1.0
    assert 1.5 <= waits[1] <= 2.0
    assert waits[2] == 7


@pytest.mark.parametrize("max_retries", [0, 2])
def test_a_server_that_always_fails(max_retries: int) -> None:
    with served(error(500, "out of memory"), max_retries=max_retries) as (server, chat):
        with pytest.raises(BackendError, match=r"failed( 3 times)? \(500\): out of memory"):
            chat.invoke("Hi")
        assert len(server.asked) == max_retries + 1


@pytest.mark.parametrize(
    ("asked", "told", "requests"), [("0", 0.0, 3), ("3600", 3600.0, 1), ("nonsense", 10.0, 3), ("nan", 10.0, 3)]
)
def test_a_busy_server_says_when_to_come_back(asked: str, told: float, requests: int) -> None:
    with served(error(429, "busy", retry_after=asked)) as (server, chat):
        with pytest.raises(Overloaded, match="busy") as caught:
            chat.invoke("Hi")
        assert caught.value.retry_after == told
        assert len(server.asked) == requests


@pytest.mark.parametrize(
    ("reply", "kind", "says_so"),
    [
        (error(401, f"bad key {KEY}"), ConfigError, r"refused the key \(401\): bad key \*\*\* .*MY_KEY"),
        (error(403, "not yours"), ConfigError, r"denies access to 'm' \(403\): not yours .*MY_KEY"),
        (error(404, "no such model"), ConfigError, r"doesn't have the model 'm'.*\[backends.openai_api\] models"),
        (error(400, "temperature is too hot"), BackendError, r"refused the request \(400\): temperature is too hot"),
        (error(400, "maximum context length is 9"), BackendError, "Shorten the request"),
        (json_reply(307, "", location="http://127.0.0.1:1/"), ConfigError, "redirects to http://127.0.0.1:1/"),
        (json_reply(200, "<html>Welcome</html>"), BackendError, "not the OpenAI API: a stream without a single token"),
        (stream("{garbage"), BackendError, "not the OpenAI API: JSONDecodeError"),
        (stream({"choices": [{"index": 0}]}), BackendError, "not the OpenAI API"),
        (stream({"error": {"message": "CUDA died"}}), BackendError, "stopped before the first token: CUDA died"),
    ],
)
def test_what_will_not_pass_is_one_clear_line(reply: Reply, kind: type[RouterError], says_so: str) -> None:
    with served(reply, key_env="MY_KEY") as (server, chat):
        with pytest.raises(kind, match=says_so) as caught:
            chat.invoke("Hi")
        assert "\n" not in str(caught.value)
        assert KEY not in "".join(traceback.format_exception(caught.value))
        assert len(server.asked) == 1


def test_a_missing_key_is_asked_for() -> None:
    wanted = pytest.raises(ConfigError, match=r"wants a key .* Put it into the environment variable MY_KEY")
    with served(error(401, "who are you?"), api_key=None, key_env="MY_KEY") as (_, chat), wanted:
        chat.invoke("Hi")


@pytest.mark.parametrize(
    "reply",
    [
        stream(delta(content="a"), delta(content="b"), then="cut"),
        stream(delta(content="a"), delta(content="b")),
        stream(delta(content="a"), delta(content="b"), *finish("abort")),
    ],
)
def test_a_cut_stream_keeps_what_arrived_and_is_not_repeated(reply: Reply) -> None:
    got: list[str] = []
    with served(reply) as (server, chat):
        with pytest.raises(BackendError, match="broke off after about 2 tokens"):
            got.extend(str(chunk.content) for chunk in chat.stream("Hi"))
        assert len(server.asked) == 1
    assert "".join(got) == "ab"


def test_a_stream_cut_after_its_finish_reason_is_whole() -> None:
    with served(stream(*says("a")[:-2], then="cut")) as (server, chat):
        assert chat.invoke("Hi").content == "a"
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "when"),
    [(hang, "before the first token"), (stream(delta(content="a"), then="hang"), "after about 1 token")],
)
def test_a_hang_ends_with_the_timeout(reply: Reply, when: str) -> None:
    with served(reply, timeout=0.2) as (server, chat):
        with pytest.raises(BackendError, match=f"sent no byte for 0.2 s {when}"):
            chat.invoke("Hi")
        assert len(server.asked) == 1
        assert server.left.wait(5)


def test_a_server_that_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    chat = chat_at(f"http://user:pass@127.0.0.1:{port}/v1")
    with pytest.raises(BackendUnavailable, match=r"doesn't answer, asked 3 times: .*refused") as caught:
        chat.invoke("Hi")
    assert "pass" not in str(caught.value)
    chat.close()


def test_fields_a_server_refuses_are_left_out_from_then_on(caplog: pytest.LogCaptureFixture) -> None:
    options = call_options(Sampling(temperature=0.5, top_k=20, min_p=0, repetition_penalty=1.1, seed=1), thinking=True)
    with served(refuse_unknown, hybrid=True) as (server, chat), caplog.at_level(logging.WARNING):
        assert chat.invoke("Hi", **options).content == "Hi"
        tries = len(server.asked)
        assert chat.invoke("Hi", **options).content == "Hi"
        assert len(server.asked) == tries + 1
    first, last = server.asked[0].body, server.asked[-1].body
    assert first["chat_template_kwargs"] == {"enable_thinking": True}
    assert set(first) - set(last) == {"stream_options", "top_k", "min_p", "repetition_penalty", "chat_template_kwargs"}
    assert (last["temperature"], last["seed"]) == (0.5, 1)
    assert "top_k" in caplog.text


def test_a_closed_model_says_so() -> None:
    with served(GOOD) as (server, chat):
        chat.close()
        with pytest.raises(BackendError, match="has been unloaded"):
            chat.invoke("Hi")
        assert server.asked == []
