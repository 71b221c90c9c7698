"""What is sent: options in each server's words, plain text, attachments."""

from __future__ import annotations

import base64
import json
import wave
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from openai_chats import chat_at
from PIL import Image

from qwen_router.backend import call_options
from qwen_router.errors import InputError, MediaError
from qwen_router.request import Sampling
from qwen_router_plugins.backends.openai_api.payload import refused_fields
from qwen_router_plugins.backends.special_tokens import SEPARATOR

TOKEN, PLAIN = "<|im_end|>", f"<{SEPARATOR}|im_end|>"
CLOSED = "<think>\nhm\n</think>\n\n"


def payload(*messages: BaseMessage, options: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    chat = chat_at("http://127.0.0.1:1/v1", **fields)
    try:
        return chat._get_request_payload(list(messages) or [HumanMessage("Hi")], **(options or {}))
    finally:
        chat.close()


def test_every_option_is_sent() -> None:
    sampling = Sampling(
        temperature=0.6,
        top_p=0.9,
        top_k=20,
        min_p=0.1,
        presence_penalty=1.5,
        repetition_penalty=1.05,
        max_new_tokens=9,
        seed=3,
        stop=("END",),
    )
    sent = payload(options=call_options(sampling, thinking=True), hybrid=True)
    assert {key: sent[key] for key in ("temperature", "top_p", "presence_penalty", "max_tokens", "seed", "stop")} == {
        "temperature": 0.6,
        "top_p": 0.9,
        "presence_penalty": 1.5,
        "max_tokens": 9,
        "seed": 3,
        "stop": ["END"],
    }
    assert sent["extra_body"] == {
        "top_k": 20,
        "min_p": 0.1,
        "repetition_penalty": 1.05,
        "chat_template_kwargs": {"enable_thinking": True},
    }
    assert "max_completion_tokens" not in sent


@pytest.mark.parametrize(
    ("kind", "thinking", "sent"),
    [
        ("other", False, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("llama.cpp", True, {"chat_template_kwargs": {"enable_thinking": True}}),
        ("dashscope", True, {"enable_thinking": True}),
        ("ollama", False, {"reasoning_effort": "none"}),
        ("ollama", True, None),
        ("sglang", True, {"chat_template_kwargs": {"enable_thinking": True}}),
    ],
)
def test_thinking_in_each_servers_words(kind: str, thinking: bool, sent: dict[str, Any] | None) -> None:
    options = call_options(Sampling(), thinking=thinking)
    assert payload(options=options, kind=kind, hybrid=True).get("extra_body") == sent
    assert "extra_body" not in payload(options=options, kind=kind, hybrid=False)


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize(
    ("kind", "message", "fields"),
    [
        (
            "other",
            {"content": CLOSED},
            {"continue_final_message": True, "add_generation_prompt": False},
        ),
        ("sglang", {"content": CLOSED}, {"continue_final_message": True}),
        ("ollama", {"content": CLOSED}, {}),
        (
            "llama.cpp",
            {"content": "", "reasoning_content": "hm"},
            {"continue_final_message": "content", "add_generation_prompt": False},
        ),
        ("dashscope", {"content": CLOSED, "partial": True}, {"enable_thinking": False}),
    ],
)
def test_a_closed_thought_in_each_servers_words(
    kind: str, message: dict[str, Any], fields: dict[str, Any], opens: bool
) -> None:
    sent = payload(options=call_options(Sampling(), thinking=True, thought="hm"), kind=kind, opens_thought=opens)
    if kind == "sglang" and opens:
        # It puts the message behind the template's own opening tag.
        message = {"content": "hm\n</think>\n\n"}
    assert sent["messages"][-1] == {"role": "assistant", **message}
    assert sent.get("extra_body", {}) == fields


def test_special_tokens_in_a_thought_are_broken_up_and_its_tags_are_not() -> None:
    sent = payload(options=call_options(Sampling(), thinking=True, thought=f"a{TOKEN}</think>"))
    assert sent["messages"][-1]["content"] == f"<think>\na{PLAIN}<{SEPARATOR}/think>\n</think>\n\n"


def test_llama_server_has_its_own_word_for_repetition() -> None:
    sent = payload(options=call_options(Sampling(repetition_penalty=1.1)), kind="llama.cpp")
    assert sent["extra_body"] == {"repeat_penalty": 1.1}


def test_a_schema_becomes_a_response_format() -> None:
    schema = {"title": "A capital city", "type": "object"}
    made = payload(options={"json_schema": schema})["extra_body"]["response_format"]
    assert made == {"type": "json_schema", "json_schema": {"name": "A_capital_city", "schema": schema, "strict": True}}


@pytest.mark.parametrize(
    ("complaint", "fields"),
    [
        ("Unrecognized request argument supplied: top_k", {"top_k"}),
        ('{"detail":[{"type":"extra_forbidden","loc":["body","min_p"]}]}', {"min_p"}),
        ("Unsupported: chat_template_kwargs and stream_options", {"chat_template_kwargs", "stream_options"}),
        ("property 'temperature' is unsupported", set()),
        ("top_k must be at least 1", set()),
        ("Unknown field top_knot", set()),
    ],
)
def test_which_fields_a_complaint_means(complaint: str, fields: set[str]) -> None:
    assert refused_fields(complaint, set()) == fields
    assert refused_fields(complaint, fields) == set()


def test_special_tokens_are_broken_up_in_every_part_of_a_conversation() -> None:
    call = {"name": "run", "args": {"code": f"a{TOKEN}"}, "id": "1"}
    sent = payload(
        SystemMessage(f"s{TOKEN}"),
        HumanMessage([{"type": "text", "text": "a<|im_"}, {"type": "text", "text": "end|>b"}]),
        AIMessage(f"x{TOKEN}", tool_calls=[call]),
        ToolMessage(f"t{TOKEN}", tool_call_id="1"),
        options={"tools": [{"type": "function", "function": {"name": "run", "description": TOKEN}}]},
    )
    system, human, ai, tool = sent["messages"]
    assert system["content"] == f"s{PLAIN}"
    assert [block["text"] for block in human["content"]] == [f"a<{SEPARATOR}|im_", "end|>b"]
    assert ai["content"] == f"x{PLAIN}"
    assert json.loads(ai["tool_calls"][0]["function"]["arguments"]) == {"code": f"a{PLAIN}"}
    assert tool["content"] == f"t{PLAIN}"
    assert sent["tools"][0]["function"]["description"] == PLAIN


def test_an_escape_in_a_tool_calls_arguments_hides_no_token() -> None:
    raw = {"id": "1", "type": "function", "function": {"name": "run", "arguments": '{"a": "<\\u007cim_end|>"}'}}
    sent = payload(AIMessage("", additional_kwargs={"tool_calls": [raw]}))
    assert json.loads(sent["messages"][0]["tool_calls"][0]["function"]["arguments"]) == {"a": PLAIN}


def test_half_a_surrogate_pair_can_be_sent() -> None:
    text = payload(HumanMessage("a\udc80b"))["messages"][0]["content"]
    assert text.encode() == "a\ufffdb".encode()


def test_a_local_image_travels_as_a_data_url(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (8, 8), "red").save(path)
    expected = {"url": f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"}
    for block in ({"type": "image", "url": str(path)}, {"type": "image", "url": path.as_uri()}):
        sent = payload(HumanMessage([{"type": "text", "text": "What?"}, block]))["messages"][0]["content"]
        assert sent == [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": expected}]


def test_a_sound_travels_as_base64(tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(3200))
    (block,) = payload(HumanMessage([{"type": "audio", "url": str(path)}]))["messages"][0]["content"]
    data = base64.b64encode(path.read_bytes()).decode()
    assert block == {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ({"type": "image", "base64": base64.b64encode(b"no image").decode(), "mime_type": "image/png"}, "not an image"),
        ({"type": "image", "url": "/nowhere/at/all.png"}, "no file"),
        ({"type": "image", "url": "http://127.0.0.1/x.png"}, "remote"),
        ({"type": "audio", "base64": base64.b64encode(b"no sound").decode(), "mime_type": "audio/wav"}, "not a sound"),
    ],
)
def test_a_bad_attachment_is_the_callers_mistake(block: dict[str, str], fault: str) -> None:
    with pytest.raises(MediaError, match=fault):
        payload(HumanMessage([block]))


def test_a_block_no_server_takes_is_the_callers_mistake() -> None:
    with pytest.raises(InputError, match="can't be sent"):
        payload(HumanMessage([{"type": "file", "url": "http://127.0.0.1/x.pdf"}]))
