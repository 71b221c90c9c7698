"""Qwen3's soft switches in a conversation."""

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from qwen_router.soft_switch import last_switch, without_switches


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([], None),
        (["hello"], None),
        (["/think"], True),
        (["why? /no_think"], False),
        (["/no_think\nwhy?"], False),
        (["why? /no_think  "], False),
        (["/think", "and now?"], True),
        (["/think", "and now? /no_think"], False),
        (["What does /no_think do in Qwen3?"], None),
        (["open /thinking/about", "and/think"], None),
    ],
)
def test_the_latest_switch_wins(texts, says):
    assert last_switch(texts) is says


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("why? /no_think", "why?"),
        ("/think why?", "why?"),
        ("/think\nwhy?\nso /no_think", "why?\nso"),
        ("What does /no_think do in Qwen3?", "What does /no_think do in Qwen3?"),
        ("  nothing to cut  ", "  nothing to cut  "),
        ("/think", "/think"),
    ],
)
def test_switches_are_taken_out_of_what_people_wrote(text, left):
    turns = [SystemMessage(text), HumanMessage(text), AIMessage(text)]
    assert [m.text for m in without_switches(turns)] == [left, left, text]


def test_attachments_stay_where_they_are():
    picture = {"type": "image", "base64": "aGk=", "mime_type": "image/png"}
    (turn,) = without_switches([HumanMessage([{"type": "text", "text": "what? /no_think"}, picture, "/think so"])])
    assert turn.content == [{"type": "text", "text": "what?"}, picture, "so"]
