"""The decision's tokens are the processors' tokens."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from qwen_router.attached import Attached
from qwen_router.errors import MediaError
from qwen_router.senses import AUDIO_RATE, media_cost, sight_of, too_much

# As published in each generation's preprocessor_config.json.
QWEN2 = {"patch_size": 14, "size": {"shortest_edge": 3136, "longest_edge": 12_845_056}}
QWEN3 = {"patch_size": 16, "size": {"shortest_edge": 65_536, "longest_edge": 16_777_216}}
GENERATIONS = {
    "qwen2_vl": QWEN2,
    "qwen2_5_vl": QWEN2,
    "qwen3_vl": QWEN3,
    "qwen3_5": QWEN3,
}


def processor(model_type: str) -> Any:
    from transformers import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(merge_size=2, temporal_patch_size=2, **GENERATIONS[model_type])


@st.composite
def sizes(draw: st.DrawFn, most: int = 12_000) -> tuple[int, int]:
    """Widths and heights up to the longest shape that is allowed, either way round."""
    short = draw(st.integers(1, most))
    long = min(most, max(short, round(short * draw(st.floats(1, 200)))))
    return draw(st.sampled_from([(short, long), (long, short)]))


@pytest.mark.parametrize("model_type", GENERATIONS)
def test_the_tokens_of_an_image_are_those_of_the_processor(model_type: str):
    judge = processor(model_type)

    @settings(deadline=None, max_examples=200)
    @given(sizes())
    def holds(size: tuple[int, int]) -> None:
        width, height = size
        cost = media_cost(model_type, Attached(kind="image", width=width, height=height))
        assert cost.tokens == judge.get_number_of_image_patches(height, width, {}) // 4
        assert (cost.width, cost.height) == size

    holds()


@pytest.mark.parametrize("model_type", ["qwen2_5_vl", "qwen3_vl"])
def test_so_they_are_when_pixels_are_processed(model_type: str):
    judge = processor(model_type)

    @settings(deadline=None, max_examples=25)
    @given(sizes(most=300))
    def holds(size: tuple[int, int]) -> None:
        grid = judge(images=[Image.new("RGB", size)], return_tensors="np")["image_grid_thw"][0]
        cost = media_cost(model_type, Attached(kind="image", width=size[0], height=size[1]))
        assert cost.tokens == int(grid.prod()) // 4
        patch = sight_of(model_type).factor // 2
        assert (cost.seen_height, cost.seen_width) == (grid[1] * patch, grid[2] * patch)

    holds()


def test_an_image_that_was_resized_is_not_resized_again():
    @settings(deadline=None, max_examples=200)
    @given(sizes(), st.sampled_from(sorted(GENERATIONS)))
    def holds(size: tuple[int, int], model_type: str) -> None:
        sight = sight_of(model_type)
        seen = sight.resized(*size)
        assert max(seen) > 200 * min(seen) or sight.resized(*seen) == seen

    holds()


@pytest.mark.parametrize("size", [(2010, 10), (10, 2001), (201, 1)])
def test_what_the_processor_refuses_is_refused_in_one_line(size: tuple[int, int]):
    with pytest.raises(ValueError, match="aspect ratio"):
        processor("qwen3_vl").get_number_of_image_patches(size[1], size[0], {})
    with pytest.raises(MediaError, match="aspect ratio may be 200:1 at most") as error:
        sight_of("qwen3_vl").resized(*size)
    assert "\n" not in str(error.value)


def heard(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * AUDIO_RATE), np.float32)


def test_the_tokens_of_a_sound_are_those_of_the_processor():
    from transformers import WhisperFeatureExtractor

    extractor = WhisperFeatureExtractor(feature_size=128)

    @settings(deadline=None, max_examples=25)
    @given(st.floats(0.03, 30))
    def holds(seconds: float) -> None:
        features = extractor(
            [heard(seconds)], sampling_rate=AUDIO_RATE, padding="max_length", return_attention_mask=True
        )
        frames = int(features["attention_mask"].sum())
        # What `Qwen2AudioProcessor` makes of the mask.
        assert (
            media_cost("qwen2_audio", Attached(kind="audio", seconds=seconds)).tokens
            == (((frames - 1) // 2 + 1) - 2) // 2 + 1
        )

    holds()


@given(st.floats(0.03, 120))
def test_so_are_those_of_the_omni_models(seconds: float):
    from transformers.models.qwen2_5_omni import processing_qwen2_5_omni as omni2
    from transformers.models.qwen3_omni_moe import processing_qwen3_omni_moe as omni3

    frames = math.ceil(len(heard(seconds)) / 160)
    for kind, judge in (("qwen2_5_omni", omni2), ("qwen3_omni_moe", omni3)):
        cost = media_cost(kind, Attached(kind="audio", seconds=seconds))
        assert cost.tokens == judge._get_feat_extract_output_lengths(frames)


def test_known_costs():
    image = Attached(kind="image", width=4000, height=3000)
    assert media_cost("qwen2_5_vl", image).tokens == 15_301
    assert media_cost("qwen3_vl", image).tokens == 11_750
    assert media_cost("qwen2_audio", Attached(kind="audio", seconds=30)).tokens == 750
    assert media_cost("qwen3_omni_moe", Attached(kind="audio", seconds=30)).tokens == 390


def test_what_a_model_cannot_take_is_said():
    images = [Attached(kind="image", width=9, height=9)] * 10
    assert too_much("qwen2_5_vl", 4, images) == "takes 4 images; the request has 10."
    assert too_much("qwen2_5_vl", None, images) is None
    long = [Attached(kind="audio", seconds=31.2)]
    assert too_much("qwen2_audio", None, long) == "hears 30 s of a sound; one here lasts 31.2 s."
    assert too_much("qwen3_omni_moe", None, long) is None
