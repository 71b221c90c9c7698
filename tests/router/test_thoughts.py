"""Thoughts: their budget, how they end, and how they are drawn, over fakes."""

import threading

import pytest
from conftest import CODER, GENERAL_SMALL, make_router
from langchain_core.messages import AIMessage, HumanMessage

from qwen_router import DeadlineExceeded, Hints, PluginError, Router, Sampling, hookimpl
from qwen_router.calling import CLOSING
from qwen_router.testing import FakeBackend, Reply

INSTRUCT, THINKING = "Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen3-4B-Thinking-2507"
HYBRID_35 = "Qwen/Qwen3.5-4B"
LONG = "hm " * 50
SHORT = {"min_tokens": 8, "max_tokens": 8}
ASKED = Hints(task="general", thinking=True)


def ask(tmp_path, *replies, model=GENERAL_SMALL, text="Why?", thinking=SHORT, hints=ASKED, **fields):
    """Return the answer, its chunks, and the calls that were made."""
    backend = FakeBackend([model], replies)
    with make_router(backend, tmp_path, thinking=thinking, escalation={"max_attempts": 1}) as router:
        *chunks, answer = router.stream(text, hints=hints, **fields)
    return answer, chunks, backend.calls


def streamed(chunks, kind):
    return "".join(c.text for c in chunks if c.kind == kind).strip()


TAGGED, APART = Reply(f"<think>\n{LONG}"), Reply(thinking=LONG)


@pytest.mark.parametrize("reply", [TAGGED, APART])
def test_a_thought_that_uses_its_budget_up_is_closed_and_the_answer_follows(tmp_path, reply):
    answer, chunks, calls = ask(tmp_path, reply, Reply("So it is."))
    assert answer.text == "So it is."
    assert answer.thinking.endswith(f"hm\n\n{CLOSING}")
    assert answer.thinking.count("hm") <= 8
    assert calls[1].options["thought"] == answer.thinking
    assert calls[1].options["thinking"] is True
    assert calls[1].messages == calls[0].messages
    assert streamed(chunks, "text") == answer.text
    assert streamed(chunks, "thinking").split() == answer.thinking.split()


def test_the_answer_has_its_own_tokens_on_top_of_the_thoughts(tmp_path):
    _, _, calls = ask(tmp_path, APART, Reply("yes"), sampling=Sampling(max_new_tokens=100))
    assert [call.options["max_tokens"] for call in calls] == [108, 100]


def test_a_thought_within_its_budget_needs_one_call(tmp_path):
    answer, _, calls = ask(tmp_path, Reply("yes", thinking="hm so"))
    assert (answer.text, answer.thinking, len(calls)) == ("yes", "hm so", 1)
    assert "thought" not in calls[0].options


def test_the_tokens_a_short_thought_left_over_are_not_the_answers(tmp_path):
    answer, _, _ = ask(tmp_path, Reply("a b c d e f g", thinking="hm so"), sampling=Sampling(max_new_tokens=4))
    assert answer.text == "a b c d"
    assert answer.decision.attempts[0].finish_reason == "length"
    assert "cut at the token limit" in answer.warnings[0]
    assert (answer.usage.output_tokens, answer.usage.thinking_tokens) == (6, 2)


def test_usage_counts_the_prompt_once_and_the_closing_sentence_never(tmp_path):
    text = "word " * 200
    answer, _, _ = ask(tmp_path, APART, Reply("one two three"), text=text)
    assert (answer.usage.output_tokens, answer.usage.thinking_tokens) == (11, 8)
    # Between the calls a tokenizer counts the sentence a little differently from the fake, which counts words.
    assert answer.usage.input_tokens == pytest.approx(200, abs=10)
    assert answer.timings.generate > 0


def test_a_chunk_of_many_tokens_counts_as_many(tmp_path):
    # A server may send a whole paragraph at once.
    answer, _, calls = ask(
        tmp_path, Reply(thinking="considering_the_matter_once_more_from_all_sides " * 9), Reply("yes")
    )
    assert answer.thinking.count("considering_") == 1
    assert len(calls) == 2


@pytest.mark.parametrize("reply", [Reply("<think>\nhm so"), Reply("<think>"), Reply(thinking="hm so")])
def test_a_model_that_ends_inside_its_thought_is_asked_for_the_answer_once(tmp_path, reply):
    answer, _, calls = ask(tmp_path, reply, Reply("yes"), Reply("never asked"))
    assert answer.text == "yes"
    assert answer.thinking.endswith(CLOSING)
    assert len(calls) == 2


def test_a_thought_cut_by_the_servers_own_limit_is_not_asked_again(tmp_path):
    answer, _, calls = ask(tmp_path, Reply(thinking="hm so", finish_reason="length"))
    assert (answer.text, len(calls)) == ("", 1)


def test_thinking_again_in_the_answer_is_kept_apart(tmp_path):
    answer, chunks, calls = ask(tmp_path, APART, Reply("<think>\nwait, no\n</think>\n\nSo it is."))
    assert answer.text == "So it is."
    assert answer.thinking.endswith(f"{CLOSING}\n\nwait, no")
    assert streamed(chunks, "text") == answer.text
    assert len(calls) == 2


def test_going_on_with_the_thought_without_tags_is_kept_apart_once_it_ends(tmp_path):
    answer, _, _ = ask(tmp_path, APART, Reply("wait, no\n</think>\n\nSo it is."))
    assert answer.text == "So it is."
    assert answer.thinking.endswith(f"{CLOSING}\n\nwait, no")


@pytest.mark.parametrize("again", [Reply(f"<think>\n{LONG}", finish_reason="length"), Reply("<think>\nhm")])
def test_a_model_that_never_stops_thinking_has_no_answer_and_is_rejected(tmp_path, again):
    answer, _, calls = ask(tmp_path, APART, again)
    assert answer.text == ""
    assert answer.decision.attempts[0].check.status == "rejected"
    assert len(calls) == 2


def test_an_answer_that_the_server_takes_for_a_thought_is_the_answer(tmp_path):
    answer, chunks, _ = ask(tmp_path, APART, Reply(thinking="So it is."))
    assert answer.text == "So it is."
    assert streamed(chunks, "text") == answer.text
    assert "So it is" not in answer.thinking


@pytest.mark.parametrize("model", [THINKING, HYBRID_35])
@pytest.mark.parametrize(
    "reply", [Reply("hm so </think> yes"), Reply("<think> hm so </think> yes"), Reply("yes", thinking="hm so")]
)
def test_a_thought_that_the_prompt_opened_is_known_however_it_is_told(tmp_path, model, reply):
    answer, chunks, calls = ask(tmp_path, reply, model=model)
    assert (answer.text, answer.thinking, len(calls)) == ("yes", "hm so", 1)
    assert streamed(chunks, "thinking") == "hm so"


@pytest.mark.parametrize("model", [THINKING, HYBRID_35])
def test_the_budget_holds_for_a_thought_that_the_prompt_opened(tmp_path, model):
    answer, _, calls = ask(tmp_path, Reply(LONG), Reply("yes"), model=model)
    assert answer.text == "yes"
    assert calls[1].options["thought"].startswith("hm hm")


def test_a_server_that_keeps_the_thought_to_itself_gives_the_answer_alone(tmp_path):
    answer, chunks, calls = ask(tmp_path, Reply("Yes, it is."), model=THINKING)
    assert (answer.text, answer.thinking, len(calls)) == ("Yes, it is.", "", 1)
    assert streamed(chunks, "text") == answer.text


def test_no_second_call_once_the_deadline_has_passed(tmp_path):
    reply = Reply("<think>\nhm hm hm", wait=threading.Event())
    with pytest.raises(DeadlineExceeded):
        ask(tmp_path, reply, Reply("never asked"), deadline=0.3)


def test_a_model_that_does_not_think_has_no_budget(tmp_path):
    _, _, calls = ask(tmp_path, Reply("yes"), hints=Hints(thinking=False), sampling=Sampling(max_new_tokens=9))
    assert calls[0].options["max_tokens"] == 9


def test_the_callers_budget_is_kept(tmp_path):
    answer, _, _ = ask(tmp_path, APART, Reply("yes"), hints=Hints(thinking=True, thinking_budget=3))
    assert answer.thinking.count("hm") == 3
    assert answer.decision.choices["1"].winner.thinking_budget == 3


@pytest.mark.parametrize("budget", [0, -1, "many"])
def test_an_impossible_budget_is_refused(budget):
    with pytest.raises(ValueError, match="thinking_budget"):
        Hints(thinking_budget=budget)


class Thinks:
    def __init__(self, answer):
        self._answer = answer

    @hookimpl
    def think(self):
        return self._answer


@pytest.mark.parametrize(("answer", "tokens"), [(77, 77), (0, 0), (True, 4096), (False, 0), (None, 0)])
def test_the_hook_says_how_long(tmp_path, answer, tokens):
    backend = FakeBackend([GENERAL_SMALL])
    settings = make_router(backend, tmp_path).settings
    with Router(settings, plugins=[backend, Thinks(answer)]) as router:
        winner = router.explain("hello").choices["1"].winner
    assert (winner.thinking, winner.thinking_budget) == (tokens > 0, tokens)


@pytest.mark.parametrize("answer", [-1, 0.5, "yes"])
def test_a_hook_that_says_something_else_is_named(tmp_path, answer):
    backend = FakeBackend([GENERAL_SMALL])
    settings = make_router(backend, tmp_path).settings
    with (
        Router(settings, plugins=[backend, Thinks(answer)]) as router,
        pytest.raises(PluginError, match=r"The plugin Thinks returned .* from think\(\)"),
    ):
        router.explain("hello")


@pytest.mark.parametrize(("given", "said"), [({"temperature": 0.0}, "temperature is 0.6 instead of 0"),
                                             ({"top_k": 1}, "top_k is 20 instead of 1")])  # fmt: skip
def test_a_thinking_model_is_never_greedy(tmp_path, given, said):
    answer, _, calls = ask(tmp_path, Reply("yes", thinking="hm"), sampling=Sampling(**given))
    assert (calls[0].options["temperature"], calls[0].options["top_k"]) == (0.6, 20)
    assert any("loop when decoded greedily" in w and said in w for w in answer.warnings)


def test_a_specialists_greed_does_not_reach_a_thinking_model(tmp_path):
    answer, _, calls = ask(tmp_path, Reply("yes", thinking="hm"), hints=Hints(task="code", thinking=True))
    assert calls[0].options["temperature"] == 0.6
    assert not any("greedily" in w for w in answer.warnings)


def test_a_model_that_does_not_think_may_be_greedy(tmp_path):
    answer, _, calls = ask(
        tmp_path, Reply("yes"), hints=Hints(thinking=False), sampling=Sampling(temperature=0.0, top_k=1)
    )
    assert calls[0].options["temperature"] == 0.0
    assert answer.warnings == ()


@pytest.mark.parametrize("model", ["Qwen/QwQ-32B-Preview", "Qwen/QwQ-32B", THINKING, HYBRID_35, GENERAL_SMALL])
def test_every_thinking_model_has_a_temperature(tmp_path, model):
    _, _, calls = ask(tmp_path, Reply("<think>hm</think>yes"), model=model, hints=Hints(model=model, thinking=True))
    assert calls[0].options["temperature"] >= 0.6


@pytest.mark.parametrize(
    ("model", "text", "hint", "seen"),
    [
        (GENERAL_SMALL, "Why? /think", None, "Why? /think"),
        (GENERAL_SMALL, "Why? /no_think", None, "Why? /no_think"),
        # The hint wins, and a switch that says otherwise would mislead the model.
        (GENERAL_SMALL, "Why? /no_think", True, "Why?"),
        (HYBRID_35, "Why? /think", None, "Why?"),
        (THINKING, "Why? /think", None, "Why?"),
        (INSTRUCT, "Why? /no_think", None, "Why?"),
        (CODER, "Why? /no_think", None, "Why?"),
    ],
)
def test_only_a_model_that_knows_the_soft_switch_sees_it(tmp_path, model, text, hint, seen):
    hints = Hints(model=model, thinking=hint)
    _, _, calls = ask(tmp_path, Reply("<think>hm</think>yes"), model=model, text=text, hints=hints)
    assert calls[0].messages[-1].text == seen


def test_the_latest_switch_of_a_conversation_decides(tmp_path):
    turns = [
        HumanMessage("One. /think"),
        AIMessage("1"),
        HumanMessage("Two. /no_think"),
        AIMessage("2"),
        HumanMessage("?"),
    ]
    _, _, calls = ask(tmp_path, Reply("yes"), text=turns, hints=Hints(task="general"), thinking={"mode": "on"})
    assert calls[0].options["thinking"] is False
