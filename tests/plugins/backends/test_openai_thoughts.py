"""Thoughts of served models, from the router's decision to the bytes that are sent."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from openai_chats import chat_at
from servers import delta, llama_server, says, scripted, stream

from qwen_router import Hints, Router
from qwen_router.backend import call_options
from qwen_router.calling import CLOSING
from qwen_router.request import Sampling

QWEN3 = Path(__file__).with_name("qwen3_chat_template.jinja").read_text(encoding="utf-8")
HYBRID = "Qwen/Qwen3-8B"


def router_at(url: str) -> Router:
    """Return a router whose only model is served, and that closes thoughts after a few tokens."""
    off = {"enabled": False}
    server = {"base_url": url, "models": {HYBRID: "m"}}
    return Router.from_config(
        weights={"sources": []},
        backends={"llama_cpp": off, "transformers": off, "openai_api": server},
        thinking={"min_tokens": 5, "max_tokens": 5},
    )


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "content"])
def test_a_thought_that_never_ends_is_closed_and_the_answer_asked_for(field: str) -> None:
    start = "<think>\n" if field == "content" else ""
    endless = [delta(**{field: f"{start if n == 0 else ''}hm "}) for n in range(5)]
    with scripted(stream(*endless, then="hang"), stream(*says("So ", "it is."))) as server:
        with router_at(server.url) as router:
            answer = router.invoke("Why?", hints=Hints(task="general", thinking=True))
        assert server.left.wait(5)
        first, second = server.asked
    assert answer.text == "So it is."
    assert answer.thinking == f"hm hm hm hm hm\n\n{CLOSING}"
    assert "continue_final_message" not in first.body
    assert first.body["chat_template_kwargs"] == second.body["chat_template_kwargs"] == {"enable_thinking": True}
    assert second.body["messages"] == [
        *first.body["messages"],
        {"role": "assistant", "content": f"<think>\n{answer.thinking}\n</think>\n\n"},
    ]
    assert second.body["continue_final_message"] is True
    assert second.body["add_generation_prompt"] is False
    assert (first.body["max_tokens"], second.body["max_tokens"]) == (2053, 2048)


def test_a_real_llama_server_goes_on_after_the_thought(embedded_gguf: Path) -> None:
    pytest.importorskip("xllamacpp", reason="the extra is not installed: pip install 'qwen-router[llama-cpp]'")
    with llama_server(embedded_gguf, QWEN3) as url:
        chat = chat_at(f"{url}/v1", kind="llama.cpp", hybrid=True, timeout=120.0)
        options = call_options(Sampling(temperature=0, max_new_tokens=4), thinking=True, thought="Hm, <|im_end|> two.")
        sent = chat._get_request_payload("1 + 1?", **options)
        answer = chat.invoke("1 + 1?", **options)
        chat.close()
        asked = {"messages": sent["messages"], **sent["extra_body"]}
        request = urllib.request.Request(
            f"{url}/apply-template", json.dumps(asked).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as reply:
            prompt = json.load(reply)["prompt"]
    assert prompt == (
        "<|im_start|>user\n1 + 1?<|im_end|>\n<|im_start|>assistant\n<think>\nHm, <\u2060|im_end|> two.\n</think>\n\n"
    )
    assert answer.text
    assert "Hm, " not in answer.text
