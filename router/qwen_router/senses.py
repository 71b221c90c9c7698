"""The tokens that an image or a sound takes, from its header's figures alone.

Images: `smart_resize` of transformers 5.23, `models/qwen2_vl/image_processing_qwen2_vl.py`, with the bounds that the
published `preprocessor_config.json` of each generation sets. A token is a square of two by two patches:

| generation | patch | pixels a token | least pixels | most pixels |
|---|---|---|---|---|
| Qwen2-VL, Qwen2.5-VL, Qwen2.5-Omni | 14 | 28 x 28 | 3,136 | 12,845,056 |
| Qwen3-VL, Qwen3.5 and later | 16 | 32 x 32 | 65,536 | 16,777,216 |
| Qwen3-Omni | 16 | 32 x 32 | 3,136 | 12,845,056 |

Sounds: Whisper's spectrogram has 100 frames a second of 16 kHz. Qwen2-Audio and Qwen2.5-Omni halve them twice
(`processing_qwen2_audio.py`), 25 tokens a second; Qwen3-Omni three times, in windows of a second
(`_get_feat_extract_output_lengths` of `processing_qwen3_omni_moe.py`), 13 tokens a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qwen_router.attached import Attached, MediaCost
from qwen_router.errors import MediaError

MOST_ASPECT_RATIO = 200
"""Longer images are refused by the processors of every generation."""
AUDIO_RATE = 16_000
"""Samples a second that every model of the family hears."""
_HOP = 160
"""Samples between two frames of Whisper's spectrogram."""


@dataclass(frozen=True)
class Sight:
    """How a vision tower wants its images.

    Attributes:
        factor: Pixels along the side of a token's square.
        min_pixels: Least pixels of a resized image, up to rounding; `max_pixels` the most.
    """

    factor: int
    min_pixels: int
    max_pixels: int

    def resized(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height after resizing, multiples of `factor`.

        Raises:
            MediaError: The image is too long and thin.
        """
        check_shape(width, height, "The image")
        wide, high = (round(side / self.factor) * self.factor for side in (width, height))
        if wide * high > self.max_pixels:
            shrink = math.sqrt(width * height / self.max_pixels)
            wide, high = (
                max(self.factor, math.floor(side / shrink / self.factor) * self.factor) for side in (width, height)
            )
        elif wide * high < self.min_pixels:
            grow = math.sqrt(self.min_pixels / (width * height))
            wide, high = (math.ceil(side * grow / self.factor) * self.factor for side in (width, height))
        return wide, high


@dataclass(frozen=True)
class Hearing:
    """How an audio tower counts.

    Attributes:
        tokens: From frames of the spectrogram.
        max_seconds: The longest sound it takes.
    """

    tokens: Callable[[int], int]
    max_seconds: float


def check_shape(width: int, height: int, name: str) -> None:
    """Refuse an image that no model of the family takes.

    Raises:
        MediaError: The longer side is more than `MOST_ASPECT_RATIO` times the other.
    """
    if max(width, height) > MOST_ASPECT_RATIO * min(width, height):
        raise MediaError(
            f"{name} has {width:,} x {height:,} pixels; the aspect ratio may be {MOST_ASPECT_RATIO}:1 at most.",
            "Cut it into pieces.",
        )


def _halved_twice(frames: int) -> int:
    return ((frames - 1) // 2 + 1 - 2) // 2 + 1


def _halved_thrice(frames: int) -> int:
    seconds, rest = divmod(frames, 100)
    for _ in range(3):
        rest = (rest - 1) // 2 + 1
    return rest + 13 * seconds


_QWEN2, _QWEN3 = Sight(28, 3136, 12_845_056), Sight(32, 65_536, 16_777_216)
_SIGHTS = {
    "qwen2_vl": _QWEN2,
    "qwen2_5_vl": _QWEN2,
    "qwen2_5_omni": _QWEN2,
    "qwen3_omni_moe": Sight(32, 3136, 12_845_056),
}
# Qwen2-Audio's encoder has 1,500 positions (`max_source_positions`), the extractor of Qwen2.5-Omni 300 seconds.
_HEARINGS = {
    "qwen2_audio": Hearing(_halved_twice, 30),
    "qwen2_5_omni": Hearing(_halved_twice, 300),
    "qwen3_omni_moe": Hearing(_halved_thrice, math.inf),
}


def sight_of(model_type: str) -> Sight:
    """Return how models of a type see; later ones than are known here as Qwen3-VL does."""
    return _SIGHTS.get(model_type, _QWEN3)


def media_cost(model_type: str, attached: Attached) -> MediaCost:
    """Return what a model of a type sees or hears of an attachment."""
    if attached.kind == "image":
        sight = sight_of(model_type)
        wide, high = sight.resized(attached.width, attached.height)
        return MediaCost(
            kind="image",
            width=attached.width,
            height=attached.height,
            seen_width=wide,
            seen_height=high,
            tokens=wide * high // sight.factor**2,
        )
    hearing = _HEARINGS.get(model_type, _HEARINGS["qwen2_audio"])
    frames = math.ceil(round(min(attached.seconds, hearing.max_seconds) * AUDIO_RATE) / _HOP)
    return MediaCost(kind="audio", seconds=attached.seconds, tokens=max(0, hearing.tokens(frames)))


def too_much(model_type: str, max_images: int | None, media: Sequence[Attached]) -> str | None:
    """Say why a model can't take what is attached; `None` when it can."""
    images = sum(a.kind == "image" for a in media)
    if max_images is not None and images > max_images:
        return f"takes {max_images} image{'s' * (max_images != 1)}; the request has {images}."
    hearing = _HEARINGS.get(model_type)
    longest = max((a.seconds for a in media), default=0.0)
    if hearing is not None and longest > hearing.max_seconds:
        return f"hears {hearing.max_seconds:,.0f} s of a sound; one here lasts {longest:,.1f} s."
    return None
