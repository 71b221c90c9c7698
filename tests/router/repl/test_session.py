"""What a session keeps of its conversation."""

import threading

import pytest

from qwen_router.errors import BackendError, ConfigError, InputError
from qwen_router.request import Chunk
from qwen_router.testing import Reply


def texts(session):
    return [message.text for message in session.messages]


def test_an_answer_is_part_of_what_the_next_request_says(session, backend):
    backend.replies.extend([Reply("First."), Reply("Second.")])
    list(session.ask("One?"))
    list(session.ask("Two?"))
    assert texts(session) == ["One?", "First.", "Two?", "Second."]
    assert [m.text for m in backend.calls[-1].messages if m.type != "system"] == ["One?", "First.", "Two?"]


def test_stopping_keeps_what_was_said(session, backend):
    backend.replies.append(Reply("some words more", wait=threading.Event()))
    items = session.ask("Talk.")
    assert isinstance(next(items), Chunk)
    items.close()
    assert texts(session) == ["Talk.", "some "]
    assert session.statistics.stopped == 1


def test_stopping_before_the_first_word_leaves_the_conversation_as_it_was(session, backend):
    backend.replies.extend([Reply("First."), Reply(thinking="hm hm", text="a b", wait=threading.Event())])
    list(session.ask("One?"))
    items = session.ask("Two?")
    assert next(items).kind == "thinking"
    items.close()
    assert texts(session) == ["One?", "First."]
    assert session.turn.text == "Two?"


def test_a_failure_leaves_the_conversation_as_it_was_and_can_be_retried(session, backend):
    backend.replies.extend([Reply("half", error=BackendError("It broke.")), Reply("Whole.")])
    with pytest.raises(BackendError):
        list(session.ask("One?"))
    assert texts(session) == []
    list(session.retry())
    assert texts(session) == ["One?", "Whole."]


def test_a_retry_replaces_the_answer_and_one_that_fails_doesnt(session, backend):
    backend.replies.extend([Reply("A."), Reply("B."), Reply("x", error=BackendError("It broke."))])
    list(session.ask("One?"))
    list(session.retry())
    assert texts(session) == ["One?", "B."]
    with pytest.raises(BackendError):
        list(session.retry())
    assert texts(session) == ["One?", "B."]


def test_a_hint_of_a_retry_holds_once(session, backend):
    backend.replies.extend([Reply("A."), Reply("B."), Reply("C.")])
    list(session.ask("One?"))
    list(session.retry(model="Qwen/Qwen3-0.6B"))
    list(session.ask("Two?"))
    assert [call.model for call in backend.calls][1] == "Qwen/Qwen3-0.6B"
    assert session.hints.model is None


def test_a_refused_request_is_not_kept(session, backend):
    session.reopen({"limits": {"max_characters": 10}})
    list(session.ask("far more than ten characters"))
    assert session.messages == []
    assert session.answer.refused


def test_attachments_go_with_one_turn(session):
    session.images.append("a b.png")
    with pytest.raises(InputError):
        list(session.ask("What is it?"))
    assert session.images == []
    assert session.turn.content[0] == {"type": "image", "url": "a b.png"}


def test_a_wrong_setting_leaves_the_router_that_was(session, backend):
    before = session.router
    with pytest.raises(ConfigError):
        session.reopen({"sizing": {"prefer": "beauty"}})
    assert session.router is before
    backend.replies.append(Reply("Still here."))
    list(session.ask("Hello?"))


def test_a_new_router_keeps_the_conversation(session, backend):
    backend.replies.extend([Reply("A."), Reply("B.")])
    list(session.ask("One?"))
    session.reopen({"sizing": {"prefer": "speed"}})
    assert session.router.settings.sizing.prefer == "speed"
    list(session.ask("Two?"))
    assert texts(session) == ["One?", "A.", "Two?", "B."]
