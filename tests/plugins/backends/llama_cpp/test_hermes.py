"""Tool calls, cut anywhere."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router_plugins.backends.llama_cpp.hermes import ToolCallSplitter

TEXT = (
    'Let me see.\n<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>\n'
    '<tool_call>{"name": "now"}</tool_call>bye <tool'
)


def split(pieces):
    splitter = ToolCallSplitter()
    found = [item for piece in pieces for item in splitter.feed(piece)] + list(splitter.close())
    text = "".join(item for item in found if isinstance(item, str))
    calls = [(c["name"], json.loads(c["args"]), c["index"]) for c in found if not isinstance(c, str)]
    return text, calls


@given(cuts=st.lists(st.integers(0, len(TEXT)), max_size=12).map(sorted))
def test_any_cut_gives_the_same(cuts):
    edges = [0, *cuts, len(TEXT)]
    pieces = [TEXT[a:b] for a, b in pairwise(edges)]
    text, calls = split(pieces)
    assert calls == [("add", {"a": 1}, 0), ("now", {}, 1)]
    assert text.replace("\n", "") == "Let me see.bye <tool"


def test_text_is_not_held_back_longer_than_needed():
    splitter = ToolCallSplitter()
    assert list(splitter.feed("a <b> c <tool_")) == ["a <b> c "]
    assert list(splitter.feed("box>")) == ["<tool_box>"]


@pytest.mark.parametrize("body", ["not json", "[1]", '{"arguments": {}}', "3"])
def test_what_is_no_call_stays_text(body):
    text, calls = split([f"<tool_call>{body}</tool_call>"])
    assert calls == []
    assert text == f"<tool_call>{body}</tool_call>"


def test_a_call_that_never_closes_counts_when_it_is_whole():
    assert split(['<tool_call>{"name": "f", "arguments": "{}"}']) == ("", [("f", {}, 0)])
    assert split(['<tool_call>{"name": "f", "arg'])[1] == []
