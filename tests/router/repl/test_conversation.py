"""Conversations as files."""

import hypothesis
import pytest
from hypothesis import strategies
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from qwen_router.errors import InputError
from qwen_router.repl import conversation
from qwen_router.repl.conversation import load, save

TEXT = strategies.text(strategies.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=40)
TEXTS = TEXT | strategies.sampled_from(["<!-- user -->", "a\n<!-- assistant -->\nb", "\\<!-- system -->", "x\n"])


@hypothesis.given(strategies.lists(TEXTS, min_size=1, max_size=5), strategies.sampled_from(["a.json", "a.md"]))
def test_what_was_saved_is_loaded(tmp_path_factory, texts, name):
    file = tmp_path_factory.mktemp("saved") / name
    kinds = [HumanMessage, AIMessage, SystemMessage]
    messages = [kinds[at % 3](text) for at, text in enumerate(texts)]
    save(messages, file)
    assert load(file) == messages


def test_json_keeps_attachments_and_markdown_says_that_there_were_some(tmp_path):
    message = HumanMessage([{"type": "image", "url": "a.png"}, {"type": "text", "text": "this?"}])
    save([message], tmp_path / "a.json")
    assert load(tmp_path / "a.json")[0].content == message.content
    assert "*(1 attached)*" in conversation.to_markdown([message])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b"{}", "no list of messages"),
        ("a.json", b"[1]", "no list of messages"),
        ("a.json", b'[{"role": "tool", "content": "x"}]', "no list of messages"),
        ("a.json", b'[{"role": "user"}]', "holds no conversation"),
        ("a.json", b"[", "holds no conversation"),
        ("a.json", b"[" * 100_000, "holds no conversation"),
        ("a.json", b"[]", "holds no conversation"),
        ("a.md", b"some text", "holds no conversation"),
        ("a.md", b"\xff\xfe", "not UTF-8"),
        ("a.txt", b"", "says no format"),
    ],
)
def test_what_is_no_conversation_is_refused_in_one_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        load(tmp_path / name)
    assert "\n" not in str(error.value)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match="Can't read"):
        load(tmp_path / "none.json")
    with pytest.raises(InputError, match="Can't write"):
        save([HumanMessage("x")], tmp_path / "none" / "a.json")
