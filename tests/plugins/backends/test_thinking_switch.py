"""The switch for thinking, and a thought that is closed, mean the same in every backend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from openai_chats import chat_at
from transformers.utils.chat_template_utils import render_jinja_template

from qwen_router.backend import call_options
from qwen_router.config import LimitsSection
from qwen_router.request import Sampling
from qwen_router_plugins.backends.chat_template import ChatTemplate
from qwen_router_plugins.backends.special_tokens import SEPARATOR, SPECIAL_TOKENS

QWEN3 = Path(__file__).with_name("qwen3_chat_template.jinja").read_text(encoding="utf-8")
# As in the templates of Qwen3-Thinking-2507 and of Qwen3.5 that thinks.
OPENING = QWEN3.replace(
    "<|im_start|>assistant\\n' }}\n    {%- if enable", "<|im_start|>assistant\\n<think>\\n' }}\n    {%- if enable"
)
ASKED = "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
THOUGHT = "Hm.\n\nSo."
CLOSED = f"<think>\n{THOUGHT}\n</think>\n\n"
Prompt = Callable[..., str]


def in_llama_cpp(messages: list[BaseMessage], template: str = QWEN3, **options: Any) -> str:
    """Return the prompt of the llama_cpp backend: what `LoadedGguf.prompt` makes token ids of."""
    segments = ChatTemplate(template, SPECIAL_TOKENS).segments(messages, **options)
    return "".join(s.text for s in segments)


def on_a_server(messages: list[BaseMessage], template: str = QWEN3, **options: Any) -> str:
    """Return the prompt that vLLM renders of the request, by the library that it uses."""
    chat = chat_at("http://127.0.0.1:1/v1", hybrid=True, opens_thought=template == OPENING)
    try:
        sent = chat._get_request_payload(messages, **call_options(Sampling(), **options))
    finally:
        chat.close()
    body = sent["extra_body"]
    rendered = render_jinja_template(
        [sent["messages"]],
        chat_template=template,
        add_generation_prompt=body.get("add_generation_prompt", True),
        continue_final_message=body.get("continue_final_message", False),
        **body["chat_template_kwargs"],
    )
    return str(rendered[0][0])


@pytest.fixture
def in_transformers(load_tiny: Any) -> Prompt:
    """Return what gives the prompt of a tiny Qwen3 checkpoint in the transformers backend, decoded from its ids."""

    def prompt(messages: list[BaseMessage], template: str = QWEN3, **options: Any) -> str:
        prompts = load_tiny("qwen3", template=template).engine.checkpoint.prompts
        ids = prompts.build(messages, limits=LimitsSection(), **options).ids
        return str(prompts.vocabulary.backend.decode(ids, skip_special_tokens=False))

    return prompt


@pytest.fixture(params=["llama_cpp", "transformers", "openai_api"])
def prompt(request: pytest.FixtureRequest) -> Prompt:
    """Return what gives a backend's prompt."""
    if request.param == "transformers":
        made: Prompt = request.getfixturevalue("in_transformers")
        return made
    return in_llama_cpp if request.param == "llama_cpp" else on_a_server


@pytest.mark.parametrize(
    ("template", "options", "end"),
    [
        (QWEN3, {"thinking": True}, ""),
        (QWEN3, {"thinking": False}, "<think>\n\n</think>\n\n"),
        (OPENING, {"thinking": True}, "<think>\n"),
        (QWEN3, {"thinking": True, "thought": THOUGHT}, CLOSED),
        (OPENING, {"thinking": True, "thought": THOUGHT}, CLOSED),
        (QWEN3, {"thinking": True, "thought": "x"}, "<think>\nx\n</think>\n\n"),
    ],
)
def test_the_prompt_ends_the_same_way(prompt: Prompt, template: str, options: dict[str, Any], end: str) -> None:
    assert prompt([HumanMessage("Why?")], template, **options) == ASKED + end


EARLIER = [
    AIMessage("<think>\nsecret\n</think>\n\nBecause."),
    AIMessage("secret\n</think>\n\nBecause."),
    AIMessage("Because.", additional_kwargs={"reasoning_content": "secret"}),
    AIMessage([{"type": "reasoning", "reasoning": "secret"}, {"type": "text", "text": "Because."}]),
    AIMessage([{"type": "text", "text": "<think>secret</think>Because."}]),
]


@pytest.mark.parametrize("earlier", EARLIER, ids=["tagged", "unopened", "apart", "block", "tagged block"])
@pytest.mark.parametrize("thinking", [True, False])
def test_earlier_thoughts_stay_out_of_the_prompt(prompt: Prompt, earlier: AIMessage, thinking: bool) -> None:
    turns = [HumanMessage("Why?"), earlier, HumanMessage("Sure?")]
    seen = prompt(turns, thinking=thinking)
    assert "secret" not in seen
    assert seen.startswith(f"{ASKED}Because.<|im_end|>\n<|im_start|>user\nSure?<|im_end|>\n")


@pytest.mark.parametrize("earlier", [EARLIER[0], *EARLIER[2:]])
def test_a_model_without_thoughts_sees_none_either(earlier: AIMessage) -> None:
    plain = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    turns = [HumanMessage("Why?"), earlier, HumanMessage("Sure?")]
    segments = ChatTemplate(plain, ["<|im_start|>", "<|im_end|>"]).segments(turns)
    expected = "user: Why?\nassistant: Because.\nuser: Sure?\n"
    assert "".join(s.text for s in segments) == expected
    chat = chat_at("http://127.0.0.1:1/v1")
    sent = chat._get_request_payload(turns)["messages"]
    chat.close()
    assert "".join(f"{m['role']}: {m['content']}\n" for m in sent) == expected
    assert "secret" not in repr(sent)


def test_an_answer_that_speaks_of_the_tags_stays_as_it_is() -> None:
    said = "A thought ends with </think>, says the card."
    chat = chat_at("http://127.0.0.1:1/v1")
    sent = chat._get_request_payload([HumanMessage("?"), AIMessage(said), HumanMessage("!")])["messages"]
    chat.close()
    assert sent[1]["content"].replace(SEPARATOR, "") == said


def test_a_thought_amid_tool_calls_is_kept_here_and_not_told_to_servers() -> None:
    # The OpenAI API has no field for it, and a server that doesn't know one may refuse the request.
    call = {"name": "add", "args": {}, "id": "1"}
    turn = AIMessage("", tool_calls=[call], additional_kwargs={"reasoning_content": "secret"})
    turns = [HumanMessage("Why?"), turn, ToolMessage("3", tool_call_id="1")]
    assert "<think>\nsecret\n</think>" in in_llama_cpp(turns, thinking=True)
    assert "secret" not in on_a_server(turns, thinking=True)
