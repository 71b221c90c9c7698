"""What is attached to a request, and what a model makes of it."""

from __future__ import annotations

from typing import Literal

from qwen_router.value import Value


class Attached(Value):
    """An image or a sound as its header describes it.

    Attributes:
        width: Pixels of an image, upright; so is `height`.
        seconds: Length of a sound.
        note: What its sender should know, such as that only the first frame is looked at.
    """

    kind: Literal["image", "audio"]
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    note: str = ""


class MediaCost(Value):
    """What a model sees or hears of an attachment, and the tokens it takes.

    Attributes:
        width: Pixels of the image as it was sent; so is `height`.
        seen_width: Pixels after resizing to the model's patches; so is `seen_height`.
        seconds: Length of a sound.
    """

    kind: Literal["image", "audio"]
    width: int = 0
    height: int = 0
    seen_width: int = 0
    seen_height: int = 0
    seconds: float = 0.0
    tokens: int
