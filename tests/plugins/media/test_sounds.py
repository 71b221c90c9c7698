"""Sounds of every odd length and rate."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import soundfile

from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError
from qwen_router_plugins.media import load_audio, measure_audio

LIMITS = LimitsSection()


def wav(samples: Any, rate: int) -> dict[str, str]:
    buffer = BytesIO()
    soundfile.write(buffer, np.asarray(samples, np.float32), rate, format="WAV")
    return {"type": "audio", "base64": base64.b64encode(buffer.getvalue()).decode()}


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (48_000, 2), (44_100, 2)])
def test_rates_and_channels_come_down_to_one(rate: int, channels: int):
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    block = wav(np.stack([tone] * channels, axis=1), rate)
    sound = load_audio(block, 16_000, LIMITS)
    assert sound.shape == (16_000,)
    assert int(np.abs(np.fft.rfft(sound)).argmax()) == 1000
    assert measure_audio(block, LIMITS).seconds == 1.0


BAD = {
    "no sample": (wav([], 16_000), "holds no sound"),
    "one sample": (wav([0.5], 8_000), r"lasts 0\.12 ms, too short to hear"),
    "20 ms": (wav([0.5] * 320, 16_000), "lasts 20 ms, too short to hear"),
    "a video": ({"base64": base64.b64encode(b"\0\0\0\x20ftypmp42" + bytes(64)).decode()}, "Send its sound as WAV"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_no_model_can_hear_is_refused_in_one_line(kind: str):
    block, said = BAD[kind]
    for read in (lambda b: load_audio(b, 16_000, LIMITS), lambda b: measure_audio(b, LIMITS)):
        with pytest.raises(MediaError, match=said) as error:
            read(block)
        assert "\n" not in str(error.value)
        assert error.value.fix
