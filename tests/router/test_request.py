import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from qwen_router import Hints, Request, Sampling

PICTURE = {"type": "image", "base64": "aGk=", "mime_type": "image/png"}


def test_a_string_a_message_and_a_list_make_the_same_request():
    made = [Request.of("hi"), Request.of(HumanMessage("hi")), Request.of([{"role": "user", "content": "hi"}])]
    assert [r.text for r in made] == ["hi"] * 3
    assert all(isinstance(r.messages[0], HumanMessage) for r in made)


def test_fields_fill_a_request_that_exists():
    first = Request.of("hi")
    second = Request.of(first, hints=Hints(task="math"))
    assert second.hints.task == "math"
    assert second.id == first.id


def test_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match="extra"):
        Request.of("hi", colour="red")


def test_the_text_is_the_last_user_turn():
    request = Request.of([SystemMessage("be brief"), HumanMessage("one"), AIMessage("1"), HumanMessage("two")])
    assert request.text == "two"


def test_modalities_are_seen_in_content_blocks():
    request = Request.of([HumanMessage([{"type": "text", "text": "what is it?"}, PICTURE])])
    assert request.modalities == ("image", "text")


def test_new_text_keeps_attachments_and_earlier_turns():
    turns = [HumanMessage("one"), AIMessage("1"), HumanMessage([{"type": "text", "text": "look"}, PICTURE])]
    changed = Request.of(turns).with_text("see")
    assert changed.text == "see"
    assert changed.modalities == ("image", "text")
    assert changed.messages[0].text == "one"


def test_requests_survive_json():
    request = Request.of([HumanMessage([{"type": "text", "text": "look"}, PICTURE])], sampling=Sampling(stop=("END",)))
    assert Request.model_validate_json(request.model_dump_json()) == request


def test_set_sampling_wins_over_defaults():
    merged = Sampling(temperature=0.0).over(Sampling(temperature=0.7, top_p=0.8))
    assert (merged.temperature, merged.top_p) == (0.0, 0.8)


@pytest.mark.parametrize("wrong", [{"temperature": -1}, {"top_p": 0}, {"max_new_tokens": 0}])
def test_impossible_sampling_is_refused(wrong):
    with pytest.raises(ValueError, match="Input should be"):
        Sampling(**wrong)
