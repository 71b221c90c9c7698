from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from checkpoints import AUDIO_SECONDS
from fixtures_checkpoints import TinyLoader
from langchain_core.messages import HumanMessage
from PIL import Image

from qwen_router.config import LimitsSection
from qwen_router.errors import InputError, MediaError
from qwen_router.senses import sight_of
from qwen_router_plugins.backends.transformers import batch

RATE = 16_000


def picture(width: int = 56, height: int = 56, dot: tuple[int, int, int] = (0, 0, 0)) -> dict[str, str]:
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image.putpixel((5, 7), dot)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return {"type": "image", "base64": base64.b64encode(buffer.getvalue()).decode(), "mime_type": "image/png"}


def sound(hertz: float = 440, seconds: float = 1.0) -> dict[str, str]:
    buffer = BytesIO()
    wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE)
    soundfile.write(buffer, wave, RATE, format="WAV")
    return {"type": "audio", "base64": base64.b64encode(buffer.getvalue()).decode(), "mime_type": "audio/wav"}


def asked(text: str, *blocks: dict[str, str]) -> list[Any]:
    return [HumanMessage([*blocks, {"type": "text", "text": text}])]


def logits(chat: Any, messages: list[Any]) -> torch.Tensor:
    """Return what the network says of the first token of the answer, through the inputs of the real batcher."""
    from qwen_router_plugins.backends.transformers.batch import _collate
    from qwen_router_plugins.backends.transformers.engine import Options

    row = chat.engine.prepare(messages, Options.of({}), lambda event: None)
    checkpoint = chat.engine.checkpoint
    inputs = _collate([row], checkpoint.prompts.vocabulary.pad, checkpoint.image_token, checkpoint.network.device)
    with torch.inference_mode():
        return torch.as_tensor(checkpoint.network(**inputs).logits[0, -1])


def count(chat: Any, messages: list[Any], token: int) -> int:
    prompts = chat.engine.checkpoint.prompts
    return int(prompts.build(messages, thinking=False, limits=LimitsSection()).ids.count(token))


SIGHTED = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "qwen3_5")


@pytest.mark.parametrize("architecture", SIGHTED)
@pytest.mark.parametrize(("wide", "high", "tokens"), [(2, 2, 4), (1, 3, 3), (20, 20, 16), (1, 1, 1), (0.3, 0.9, 2)])
def test_an_image_takes_the_tokens_of_its_size(
    load_tiny: TinyLoader, architecture: str, wide: float, high: float, tokens: int
):
    """Sides in tokens; the tiny checkpoints see 1 to 16."""
    side = sight_of(architecture).factor
    chat = load_tiny(architecture)
    assert count(chat, asked("What is it?", picture(round(wide * side), round(high * side))), 151655) == tokens


@pytest.mark.parametrize("architecture", SIGHTED)
def test_every_image_is_placed_where_it_was_sent(load_tiny: TinyLoader, architecture: str):
    chat, side = load_tiny(architecture), sight_of(architecture).factor
    text = [{"type": "text", "text": word} for word in ("first", "second", "third")]
    messages = [HumanMessage([text[0], picture(2 * side, 2 * side), text[1], picture(side, 3 * side), text[2]])]
    ids = chat.engine.checkpoint.prompts.build(messages, thinking=False, limits=LimitsSection()).ids
    shown = chat.engine.checkpoint.prompts.vocabulary.backend.decode(ids, skip_special_tokens=False)
    start, pad, end = "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"
    assert f"first{start}{4 * pad}{end}second{start}{3 * pad}{end}third" in shown


@pytest.mark.parametrize("architecture", SIGHTED)
def test_one_changed_pixel_changes_the_logits(load_tiny: TinyLoader, architecture: str):
    chat = load_tiny(architecture)
    same = logits(chat, asked("What is it?", picture(64, 64)))
    assert torch.equal(same, logits(chat, asked("What is it?", picture(64, 64))))
    assert not torch.equal(same, logits(chat, asked("What is it?", picture(64, 64, dot=(255, 255, 255)))))


@pytest.mark.parametrize("architecture", SIGHTED)
def test_the_order_of_images_matters_to_the_logits(load_tiny: TinyLoader, architecture: str):
    chat, light = load_tiny(architecture), picture(64, 64, dot=(255, 255, 255))
    one, other = asked("Compare.", picture(64, 64), light), asked("Compare.", light, picture(64, 64))
    assert not torch.equal(logits(chat, one), logits(chat, other))


def test_changed_sound_changes_the_logits(load_tiny: TinyLoader):
    chat = load_tiny("qwen2_audio")
    same = logits(chat, asked("What is it?", sound()))
    assert torch.equal(same, logits(chat, asked("What is it?", sound())))
    assert not torch.equal(same, logits(chat, asked("What is it?", sound(hertz=441))))


def test_a_sound_takes_25_tokens_a_second(load_tiny: TinyLoader):
    chat = load_tiny("qwen2_audio")
    assert count(chat, asked("What is it?", sound(seconds=1)), 151646) == 25
    assert count(chat, asked("What is it?", sound(seconds=AUDIO_SECONDS)), 151646) == 25 * AUDIO_SECONDS


MEDIA = {name: [picture(64, 64), picture(32, 96)] for name in SIGHTED} | {"qwen2_audio": [sound(), sound(880, 0.5)]}


@pytest.mark.parametrize("architecture", MEDIA)
def test_a_mixed_batch_says_what_single_calls_say(load_tiny: TinyLoader, architecture: str):
    media = MEDIA[architecture]
    calls = [asked("What is it?", media[0]), asked("Hello"), asked("Compare these.", *media)]
    single = [load_tiny(architecture).invoke(c, max_tokens=6).content for c in calls]
    together = load_tiny(architecture, max_batch=3, gather=60)
    assert [a.content for a in together.batch(calls, max_tokens=6)] == single
    assert list(together.engine.batcher.batches) == [3]


@pytest.mark.parametrize("architecture", MEDIA)
def test_passes_over_a_long_prompt_change_no_answer(
    load_tiny: TinyLoader, monkeypatch: pytest.MonkeyPatch, architecture: str
):
    """Images lie across passes; sounds, which transformers can't split, are read whole."""
    media = MEDIA[architecture]
    calls = [asked("Compare these.", *media), asked("Hello"), asked("And this?", media[0])]

    def answers() -> list[Any]:
        chat = load_tiny(architecture, max_batch=3, gather=60)
        return [a.content for a in chat.batch(calls, max_tokens=6)]

    whole = answers()
    monkeypatch.setattr(batch, "prefill_tokens", lambda device: 9)
    assert answers() == whole


def test_media_tokens_in_text_take_no_place(load_tiny: TinyLoader):
    chat = load_tiny("qwen2_5_vl")
    messages = asked("<|vision_start|><|image_pad|><|vision_end|>", picture())
    assert count(chat, messages, 151655) == 4
    assert chat.invoke(messages, max_tokens=2).usage_metadata["output_tokens"] == 2


def test_media_that_the_model_cannot_take_are_refused(load_tiny: TinyLoader):
    with pytest.raises(MediaError, match="aspect ratio"):
        load_tiny("qwen2_5_vl").invoke(asked("What is it?", picture(2010, 8)))
    audio = load_tiny("qwen2_audio")
    with pytest.raises(MediaError, match=r"lasts 2\.5 s; .* hears 2 s"):
        audio.invoke(asked("What is it?", sound(seconds=2.5)))
    with pytest.raises(MediaError, match="too short"):
        audio.invoke(asked("What is it?", sound(seconds=0.005)))
    with pytest.raises(MediaError, match="sees no images"):
        audio.invoke(asked("What is it?", picture()))


def test_a_template_that_drops_an_image_is_refused(load_tiny: TinyLoader):
    chat = load_tiny("qwen2_5_vl", template="<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n")
    with pytest.raises(InputError, match="shows 0 of 1 attachments"):
        chat.invoke(asked("What is it?", picture()))
