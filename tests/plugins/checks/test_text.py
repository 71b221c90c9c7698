"""The form of an answer."""

import pytest

from qwen_router import Generation, Request, Sampling
from qwen_router_plugins.checks.text import judge_text

ENGLISH = (
    "The lighthouse stands at the end of the long pier, and every evening its keeper climbs the stairs to light the "
    "lamp, because the ships that come home late would otherwise never find the narrow entrance of the harbour."
)
SPANISH = (
    "El faro está al final del largo muelle, y cada noche su guardián sube las escaleras para encender la lámpara, "
    "porque los barcos que vuelven tarde a casa nunca encontrarían de otro modo la estrecha entrada del puerto."
)
CHINESE = "灯塔矗立在长长的码头尽头，守塔人每天傍晚都会爬上楼梯点亮灯火，否则晚归的船只永远找不到狭窄的港口入口。"


def judged(asked, said, *, finish_reason="stop", **fields):
    return judge_text(Request.of(asked, **fields), Generation(text=said, finish_reason=finish_reason))


@pytest.mark.parametrize(
    ("asked", "said", "rejected"),
    [
        ("Tell me a story about a lighthouse", ENGLISH, False),
        ("Tell me a story about a lighthouse", SPANISH, True),
        ("Tell me a story about a lighthouse", CHINESE, True),
        ("Cuéntame una historia sobre un faro que está en el mar", ENGLISH, True),
        ("讲一个关于灯塔的故事", CHINESE, False),
        ("讲一个关于灯塔的故事", ENGLISH, True),
        ("讲一个关于灯塔的英文故事", ENGLISH, False),
        ("Tell me a story about a lighthouse in Spanish", SPANISH, False),
        ("Translate: a lighthouse at the end of the pier", SPANISH, False),
        ("What is the Spanish word?", SPANISH, False),
        ("Tell me a story", "Hola.", False),
        ("ok", ENGLISH, False),
    ],
)
def test_the_language_of_the_answer_is_the_requests(asked, said, rejected):
    assert (judged(asked, said).status == "rejected") is rejected


def test_an_answer_cut_by_the_router_is_rejected_by_the_caller_not():
    assert "cut" in judged("Tell me all", ENGLISH, finish_reason="length").why
    assert judged("Tell me all", ENGLISH, finish_reason="length").feedback
    few = {"sampling": Sampling(max_new_tokens=9)}
    assert judged("Tell me all", ENGLISH, finish_reason="length", **few).status == "abstained"


def test_loops_and_silence_are_rejected():
    assert judged("Tell me", "yes " * 40).status == "rejected"
    assert judged("Tell me", " \n").status == "rejected"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ('{"name": "Ada"}', "accepted"),
        ('Here it is:\n```json\n{"name": "Ada"}\n```', "accepted"),
        ('{"name": "Ada"', "rejected"),
        ("```json\n{'name': 'Ada'}\n```", "rejected"),
        ("I don't know her.", "abstained"),
    ],
)
def test_json_is_valid_where_it_was_asked_for(said, status):
    assert judged("Give me her name as JSON", said).status == status


def test_a_schema_leaves_no_room_for_words():
    asked = {"json_schema": {"type": "object"}}
    assert judged("Her name?", '{"name": "Ada"}', **asked).status == "accepted"
    assert judged("Her name?", '```json\n{"name": "Ada"}\n```', **asked).status == "rejected"
