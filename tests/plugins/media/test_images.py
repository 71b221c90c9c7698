"""Images of every odd kind: shown as a person sees them, or refused in one line."""

from __future__ import annotations

import base64
import random
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError
from qwen_router.senses import Sight, sight_of
from qwen_router_plugins.media import as_sent, check_image, load_image, measure_image

LIMITS = LimitsSection()
SIGHT = sight_of("qwen2_5_vl")


def block(data: bytes) -> dict[str, str]:
    return {"type": "image", "base64": base64.b64encode(data).decode()}


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> dict[str, str]:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return block(buffer.getvalue())


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    return Image.frombytes(mode, (width, height), random.Random(3).randbytes(width * height * len(mode)))


def sideways(orientation: int) -> dict[str, str]:
    """A white image, its stored left edge black, told to be turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.new("RGB", (64, 32), "white")
    image.paste((0, 0, 0), (0, 0, 16, 32))
    return saved(image, "JPEG", exif=exif, quality=100)


@pytest.mark.parametrize(("orientation", "dark"), [(6, (16, 4)), (8, (16, 60)), (5, (16, 4)), (3, (60, 16))])
def test_a_turned_photograph_is_measured_and_shown_upright(orientation: int, dark: tuple[int, int]):
    size = (64, 32) if orientation == 3 else (32, 64)
    found = measure_image(sideways(orientation), LIMITS)
    assert (found.width, found.height) == size
    for sight in (None, Sight(28, 1, 100_000)):
        shown = load_image(sideways(orientation), LIMITS, sight)
        assert sum(shown.resize(size).getpixel(dark)) < 60


def test_an_animation_shows_its_first_frame_and_says_so():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for form in ("GIF", "PNG", "WEBP"):
        moving = saved(frames[0], form, save_all=True, append_images=frames[1:], lossless=True)
        assert measure_image(moving, LIMITS).note == "The inline image has several frames; only the first is looked at."
        assert load_image(moving, LIMITS).getpixel((4, 4)) == (255, 0, 0)
        assert as_sent(moving, LIMITS)[0] == "image/png"
    assert measure_image(saved(frames[0]), LIMITS).note == ""


def test_cmyk_is_shown_in_its_colours():
    red, green, blue = load_image(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), LIMITS).getpixel((4, 4))
    assert red > 240
    assert max(green, blue) < 30


def test_16_bit_greys_keep_their_steps():
    ramp = np.linspace(0, 65_535, 256, dtype=np.uint16).reshape(16, 16)
    shown = np.asarray(load_image(saved(Image.fromarray(ramp)), LIMITS))[..., 0]
    assert np.abs(shown.ravel().astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white_at_every_size(mode: str):
    clear = Image.new("RGBA", (900, 900), (255, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    for sight in (None, Sight(28, 3136, 40_000)):
        assert load_image(saved(clear, **options), LIMITS, sight).getpixel((9, 9)) == (255, 255, 255)


def truncated() -> dict[str, str]:
    buffer = BytesIO()
    noise(300, 300).save(buffer, "JPEG")
    return block(buffer.getvalue()[: len(buffer.getvalue()) // 2])


BAD = {
    "a truncated JPEG": (truncated(), "is damaged: .*truncated"),
    "an SVG": (block(b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>"), "is an SVG drawing"),
    "an MP4 file": (block(b"\0\0\0\x20ftypisom" + bytes(64)), "is a video; videos are not read"),
    "a WebM file": (block(b"\x1aE\xdf\xa3" + bytes(64)), "is a video"),
    "an AVI file": (block(b"RIFF\0\0\0\0AVI LIST" + bytes(64)), "is a video"),
    "a HEIC file": (block(b"\0\0\0\x20ftypheic" + bytes(64)), "is not an image"),
    "an image like a thread": (saved(Image.new("L", (2010, 10))), "aspect ratio may be 200:1"),
    "a PDF": (block(b"%PDF-1.7\n"), "is not an image"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("read", [load_image, check_image, as_sent])
def test_what_no_model_can_see_is_refused_in_one_line(kind: str, read: Any):
    bad, said = BAD[kind]
    with pytest.raises(MediaError, match=said) as error:
        read(bad, LIMITS)
    assert "\n" not in str(error.value)
    assert error.value.fix


@pytest.mark.parametrize("size", [(56, 56), (300, 200), (1001, 333), (97, 2), (1, 1), (6000, 30)])
@pytest.mark.parametrize("model_type", ["qwen2_vl", "qwen3_vl"])
def test_the_pixels_are_those_of_the_processor(size: tuple[int, int], model_type: str):
    from transformers import Qwen2VLImageProcessorPil

    sight = sight_of(model_type)
    bounds = {"shortest_edge": sight.min_pixels, "longest_edge": sight.max_pixels}
    judge = Qwen2VLImageProcessorPil(size=bounds, patch_size=sight.factor // 2)
    image = noise(*size)
    theirs = judge(images=[image], return_tensors="np")
    ours = judge(images=[load_image(saved(image), LIMITS, sight)], do_resize=False, return_tensors="np")
    assert (theirs["image_grid_thw"] == ours["image_grid_thw"]).all()
    assert (theirs["pixel_values"] == ours["pixel_values"]).all()


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L")])
def test_a_large_image_made_smaller_while_it_is_decoded_looks_the_same(form: str, mode: str):
    """A picture of slow waves, as the reduction must not shift or smear it."""
    x, y = np.meshgrid(np.arange(1207), np.arange(911))
    wave = (127 + 60 * np.sin(x / 90) + 60 * np.cos(y / 70)).astype(np.uint8)
    picture = Image.fromarray(wave).convert(mode)
    small = Sight(28, 3136, 28 * 28 * 16)
    shown = load_image(saved(picture, form), LIMITS, small)
    assert shown.size == small.resized(1207, 911)
    plain = picture.convert("RGB").resize(shown.size, Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(shown).astype(int) - np.asarray(plain)).max() <= 4


def test_a_server_gets_what_every_server_reads():
    photo = saved(noise(20, 10), "JPEG")
    assert as_sent(photo, LIMITS) == ("image/jpeg", base64.b64decode(photo["base64"]))
    for odd in (
        saved(noise(20, 10, "CMYK"), "TIFF"),
        saved(noise(20, 10), "BMP"),
        sideways(6),
        saved(noise(9, 9, "RGBA")),
    ):
        kind, data = as_sent(odd, LIMITS)
        assert kind == "image/png"
        assert Image.open(BytesIO(data)).mode == "RGB"


PEAK = """
import resource, sys
from qwen_router.config import LimitsSection
from qwen_router.senses import sight_of
from qwen_router_plugins.media import load_image, measure_image, check_image
block = {"type": "image", "url": sys.argv[1]}
load_image({"type": "image", "url": sys.argv[2]}, LimitsSection(), sight_of("qwen2_vl"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
measure_image(block, LimitsSection()), check_image(block, LimitsSection())
image = load_image(block, LimitsSection(), sight_of("qwen2_vl"))
print(*image.size, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts in other units elsewhere")
@pytest.mark.parametrize(("form", "mode", "most"), [("JPEG", "RGB", 450), ("PNG", "RGB", 900), ("PNG", "RGBA", 900)])
def test_an_image_of_100_megapixels_takes_bounded_memory(tmp_path: Path, form: str, mode: str, most: int):
    """MiB at the peak. The pixels take 381 once, in Pillow's memory; a JPEG is decoded at half its size."""
    large, small = tmp_path / f"large.{form}", tmp_path / "small.png"
    Image.new(mode, (10_000, 10_000), "red").save(large, form)
    Image.new("RGB", (64, 64)).save(small)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(large), str(small)], capture_output=True, text=True, check=True
    )
    wide, high, grown = map(int, done.stdout.split())
    assert (wide, high) == SIGHT.resized(10_000, 10_000)
    assert grown < most
