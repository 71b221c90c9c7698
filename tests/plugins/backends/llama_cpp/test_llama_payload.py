"""Keywords of a call in llama.cpp's words."""

from __future__ import annotations

import pytest

from qwen_router.backend import call_options
from qwen_router.errors import InputError
from qwen_router.request import Sampling
from qwen_router_plugins.backends.llama_cpp.payload import completion_options

TOOLS = [{"type": "function", "function": {"name": n, "parameters": {"type": "object"}}} for n in ("add", "now")]


def test_every_sampling_keyword_is_passed_on():
    sampling = Sampling(
        temperature=0.6,
        top_p=0.9,
        top_k=20,
        min_p=0.1,
        presence_penalty=1.5,
        repetition_penalty=1.05,
        max_new_tokens=7,
        seed=3,
        stop=("END",),
    )
    assert completion_options(call_options(sampling)) == {
        "temperature": 0.6,
        "top_p": 0.9,
        "top_k": 20,
        "min_p": 0.1,
        "presence_penalty": 1.5,
        "repeat_penalty": 1.05,
        "n_predict": 7,
        "seed": 3,
        "cache_prompt": False,
        "stop": ["END"],
    }


def test_what_is_unset_is_left_out():
    assert completion_options(call_options(Sampling())) == {"min_p": 0.0}


@pytest.mark.parametrize("seed", [-1, 0, 2**32 - 1, 2**40])
def test_a_seed_is_never_the_one_that_means_random(seed):
    assert 0 <= completion_options({"seed": seed})["seed"] < 2**32 - 1


@pytest.mark.parametrize(
    ("thought", "start"),
    [
        ("none", "start: answer"),
        ("inside", "start: thought gap answer"),
        ("before", 'start: "<think>" thought gap answer'),
    ],
)
def test_a_schema_leaves_room_for_a_thought(thought, start):
    grammar = completion_options({"json_schema": {"type": "object"}}, thought)["grammar"]
    assert grammar.splitlines()[:2] == ["%llguidance {}", start]
    assert grammar.endswith('answer: %json {"type": "object"}\n')


def test_a_schema_must_be_an_object():
    with pytest.raises(InputError, match="not list"):
        completion_options({"json_schema": []})


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_a_free_choice_constrains_nothing(choice):
    assert "grammar" not in completion_options({"tools": TOOLS, "tool_choice": choice})


@pytest.mark.parametrize("choice", ["add", {"type": "function", "function": {"name": "add"}}])
def test_a_named_tool_is_the_only_one_left(choice):
    grammar = completion_options({"tools": TOOLS, "tool_choice": choice})["grammar"]
    assert '"add"' in grammar
    assert '"now"' not in grammar
    assert '"now"' in completion_options({"tools": TOOLS, "tool_choice": "any"})["grammar"]


def test_an_unknown_tool_choice_names_the_tools():
    with pytest.raises(InputError, match=r"'sub' is none of the tools\. Choose among add, now\."):
        completion_options({"tools": TOOLS, "tool_choice": "sub"})
