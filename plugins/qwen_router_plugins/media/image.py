"""Images: measured by their headers, decoded upright on white, no larger than a model sees them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from qwen_router.attached import Attached
from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError
from qwen_router.senses import Sight, check_shape
from qwen_router_plugins.media.reading import first_line, read_attachment

if TYPE_CHECKING:
    from PIL import Image

# Pillow's other readers start programs (EPS) or are rarely fuzzed; none of them is a format people send.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
# What every server decodes alike.
_SENT_AS_IS = {("PNG", "RGB"), ("PNG", "L"), ("JPEG", "RGB"), ("JPEG", "L"), ("WEBP", "RGB")}
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)
_ROWS = 256
"""Rows of the result that are made at once."""


def measure_image(block: Mapping[str, Any], limits: LimitsSection) -> Attached:
    """Return an image's size, upright, from its header.

    Args:
        block: As for `read_attachment`.

    Raises:
        MediaError: Missing, remote, too large, too thin or not an image.
    """
    image, name = _opened(block, limits)
    note = f"{name} has several frames; only the first is looked at." if getattr(image, "is_animated", False) else ""
    wide, high = _upright(image)
    return Attached(kind="image", width=wide, height=high, note=note)


def check_image(block: Mapping[str, Any], limits: LimitsSection) -> None:
    """Decode an image to see that it is whole; a JPEG at an eighth of its size, which reads all of its bytes too.

    Raises:
        MediaError: As for `load_image`.
    """
    image, name = _opened(block, limits)
    image.draft(None, (1, 1))
    _decode(image, name)


def load_image(block: Mapping[str, Any], limits: LimitsSection, sight: Sight | None = None) -> Image.Image:
    """Decode an image to RGB, upright; transparent parts become white, as in Qwen's own `qwen-vl-utils`.

    The size in the header is checked before a pixel is decoded. What is much larger than the model sees is made smaller
    while it is decoded, so that no second image of the full size lies in memory.

    Args:
        block: As for `read_attachment`.
        sight: How the model sees: the image is resized for it. `None` keeps the size.

    Raises:
        MediaError: Missing, remote, too large, too thin, not an image, or cut short.
    """
    from PIL import Image, ImageOps

    image, name = _opened(block, limits)
    orientation, (wide, high) = _orientation(image), image.size
    if sight is None:
        _decode(image, name)
        shown = _on_white(image)
    else:
        upright = sight.resized(*_upright(image))
        seen = upright[::-1] if orientation in _SIDEWAYS else upright
        image.draft(None, seen)
        _decode(image, name)
        factor = max(1, min(image.width // seen[0], image.height // seen[1]))
        shown = _on_white(image, factor)
        # What was made smaller may end in the middle of a pixel.
        shrunk = factor * round(max(wide / image.width, high / image.height))
        shown = shown.resize(seen, Image.Resampling.BICUBIC, box=(0, 0, wide / shrunk, high / shrunk))
    shown.getexif()[_ORIENTATION] = orientation
    ImageOps.exif_transpose(shown, in_place=True)
    return shown


def as_sent(block: Mapping[str, Any], limits: LimitsSection) -> tuple[str, bytes]:
    """Return the MIME type and bytes of an image for a server: as it is where every server reads it alike, else PNG.

    Raises:
        MediaError: As for `load_image`.
    """
    image, _ = _opened(block, limits)
    plain = (image.format, image.mode) in _SENT_AS_IS and not getattr(image, "is_animated", False)
    if plain and not image.has_transparency_data and _orientation(image) == 1:
        check_image(block, limits)
        return f"image/{str(image.format).lower()}", read_attachment(block, limits, "image")[0]
    buffer = BytesIO()
    load_image(block, limits).save(buffer, "PNG")
    return "image/png", buffer.getvalue()


def _opened(block: Mapping[str, Any], limits: LimitsSection) -> tuple[Image.Image, str]:
    """Return an image whose header was read and checked, and its name for messages."""
    from PIL import Image

    data, name = read_attachment(block, limits, "image")
    most = f"At most {limits.max_image_pixels:,} pixels are allowed: scale it down, or raise limits.max_image_pixels."
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 megapixels on; the limit that holds here is the operator's.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise MediaError(f"{name} has too many pixels.", most) from None
    except Exception:
        raise MediaError(f"{name} is not an image.", f"Send one of {', '.join(_FORMATS)}.") from None
    if image.width * image.height > limits.max_image_pixels:
        raise MediaError(f"{name} has {image.width:,} x {image.height:,} pixels.", most)
    check_shape(image.width, image.height, name)
    return image, name


def _decode(image: Image.Image, name: str) -> None:
    try:
        image.load()
    # Decoders meet hostile bytes and raise whatever their format's code raises.
    except Exception as error:
        raise MediaError(f"{name} is damaged: {first_line(error)}.", "Save it again and send the new file.") from None


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 for upright; so is an image whose EXIF can't be read."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _upright(image: Image.Image) -> tuple[int, int]:
    return image.size[::-1] if _orientation(image) in _SIDEWAYS else image.size


def _on_white(image: Image.Image, factor: int = 1) -> Image.Image:
    """Return an image in RGB, each square of `factor` pixels their mean; made in strips, as copies are large."""
    from PIL import Image

    if image.mode == "RGB" and factor == 1 and not image.has_transparency_data:
        return image
    wide, high = (-(-side // factor) for side in image.size)
    shown = Image.new("RGB", (wide, high))
    for row in range(0, high, _ROWS):
        strip = image.crop((0, row * factor, image.width, min((row + _ROWS) * factor, image.height)))
        shown.paste(_strip_on_white(strip).reduce(factor), (0, row))
    return shown


def _strip_on_white(strip: Image.Image) -> Image.Image:
    from PIL import Image

    if strip.mode.startswith("I"):
        strip = _eight_bits(strip)
    if not strip.has_transparency_data:
        return strip.convert("RGB")
    shown = strip.convert("RGBA")
    ground = Image.new("RGB", shown.size, "white")
    ground.paste(shown, mask=shown.getchannel("A"))
    return ground


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the upper byte of 16-bit greys: Pillow would show all above 255 as white."""
    import numpy as np
    from PIL import Image

    return Image.fromarray((np.asarray(image).clip(0, 65_535) >> 8).astype(np.uint8))
