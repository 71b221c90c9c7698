import pytest

from qwen_router import CodeBlock, Generation, Request, Settings, load_catalogue
from qwen_router_plugins.specialists import specialists
from qwen_router_plugins.specialists.qwen3 import Qwen3
from qwen_router_plugins.specialists.qwen_audio import QwenAudio
from qwen_router_plugins.specialists.qwen_coder import QwenCoder
from qwen_router_plugins.specialists.qwen_math import QwenMath
from qwen_router_plugins.specialists.qwen_vl import QwenVL

ASKED = Request.of("hello")
PICTURE = {"type": "image", "base64": "aGk=", "mime_type": "image/png"}
SOUND = {"type": "audio", "base64": "aGk=", "mime_type": "audio/wav"}


def judged(specialist, text, request=ASKED, **fields):
    generation = specialist.parse(Generation(text=text, **fields))
    return specialist.check(request, generation).status


@pytest.mark.parametrize("specialist", specialists(Settings()), ids=lambda s: s.name)
def test_a_specialist_is_whole(specialist):
    catalogue = load_catalogue()
    assert len(specialist.examples) >= 12
    assert len(set(specialist.examples)) == len(specialist.examples)
    for name in (*specialist.ladder, *specialist.stand_ins):
        assert specialist.modalities <= set(catalogue[name].modalities) | {"text"}
    assert judged(specialist, "") == "rejected"


def test_there_is_one_for_each_task():
    assert sorted(s.task for s in specialists(Settings())) == ["audio", "code", "general", "math", "vision"]
    assert Settings().router.max_steps > 1


def test_math_prompts_as_the_model_card_says_and_reads_the_box():
    messages = QwenMath().messages(Request.of("2 + 2?"))
    assert messages[0].text == r"Please reason step by step, and put your final answer within \boxed{}."
    assert QwenMath().parse(Generation(text=r"so \boxed{4}")).final == "4"


@pytest.mark.parametrize(
    ("text", "status"), [(r"\boxed{4}", "accepted"), (r"\boxed{}", "rejected"), ("a proof", "abstained")]
)
def test_math_judges_its_box(text, status):
    assert judged(QwenMath(), text) == status


def test_coder_reads_blocks_and_rejects_python_that_does_not_parse():
    coder = QwenCoder()
    assert coder.parse(Generation(text="```py\nx = 1\n```")).code == (CodeBlock(language="py", text="x = 1"),)
    assert judged(coder, "```python\nx = 1\n```") == "accepted"
    assert judged(coder, "```python\ndef f(:\n```") == "rejected"
    assert judged(coder, "```python\ndef f(:", finish_reason="length") == "abstained"
    assert judged(coder, "```elixir\nlet x\n```") == "abstained"
    assert judged(coder, "use a loop") == "abstained"
    assert judged(coder, "```python\nx = '\0'\n```") == "rejected"


def test_general_judges_json_only_when_it_was_asked_for():
    asked = Request.of("hello", json_schema={"type": "object"})
    assert judged(Qwen3(), "not json") == "abstained"
    assert judged(Qwen3(), "not json", asked) == "rejected"
    assert judged(Qwen3(), '{"a": 1}', asked) == "accepted"


@pytest.mark.parametrize(
    ("specialist", "block", "excuse"),
    [
        (QwenVL(), PICTURE, "I'm sorry, but I can't see the image."),
        (QwenVL(), PICTURE, "As a text model I am unable to view images."),
        (QwenAudio(), SOUND, "Sorry, I can't listen to audio."),
    ],
)
def test_refusing_to_look_or_listen_is_rejected_when_there_is_something(specialist, block, excuse):
    request = Request.of([{"role": "user", "content": [{"type": "text", "text": "?"}, block]}])
    assert judged(specialist, excuse, request) == "rejected"
    assert judged(specialist, "A cat.", request) == "abstained"
    assert judged(specialist, excuse, ASKED) == "abstained"
