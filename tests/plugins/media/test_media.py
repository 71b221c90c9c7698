from __future__ import annotations

import base64
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError
from qwen_router_plugins.media import load_audio, load_image, read_attachment

LIMITS = LimitsSection()
RATE = 16_000


def png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A valid header and no pixels."""

    def piece(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = piece(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + piece(b"IDAT", zlib.compress(b"")) + piece(b"IEND", b"")


def tone(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def encoded(sound: np.ndarray, rate: int, form: str = "WAV") -> str:
    buffer = BytesIO()
    soundfile.write(buffer, sound, rate, format=form)
    return base64.b64encode(buffer.getvalue()).decode()


def inline(data: bytes) -> dict[str, str]:
    return {"type": "image", "base64": base64.b64encode(data).decode(), "mime_type": "image/png"}


def test_every_way_to_name_an_image_gives_the_same_pixels(tmp_path: Path):
    data = png(Image.new("RGB", (3, 2), (10, 20, 30)))
    file = tmp_path / "a picture.png"
    file.write_bytes(data)
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    for block in (inline(data), {"url": str(file)}, {"url": file.as_uri()}, {"url": url}):
        image = load_image(block, LIMITS)
        assert image.mode == "RGB"
        assert image.size == (3, 2)
        assert image.getpixel((2, 1)) == (10, 20, 30)


def test_transparent_parts_are_white():
    assert load_image(inline(png(Image.new("RGBA", (1, 1), (255, 0, 0, 0)))), LIMITS).getpixel((0, 0)) == (255,) * 3


def test_a_photograph_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = BytesIO()
    Image.new("RGB", (4, 2)).save(buffer, "JPEG", exif=exif)
    assert load_image(inline(buffer.getvalue()), LIMITS).size == (2, 4)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (inline(b"not an image at all"), "not an image"),
        (inline(b""), "names no file"),
        (inline(huge_png(40_000, 40_000)), "too many pixels"),
        (inline(huge_png(12_000, 10_000)), "12,000 x 10,000 pixels"),
        (inline(png(Image.effect_noise((64, 64), 80))[:-900]), "is damaged"),
        (inline(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "not an image"),
        ({"url": "/no/such/file.png"}, "There is no file"),
        ({"url": "https://example.org/cat.png"}, "is remote"),
        ({"url": "data:image/png;base64"}, "not a valid data URL"),
        ({"base64": "§§§"}, "not valid base64"),
        ({"url": "a\0b"}, "Can't read"),
        ({}, "names no file"),
    ],
)
def test_a_bad_image_is_refused_in_one_line(block: dict[str, str], said: str):
    with pytest.raises(MediaError, match=said) as error:
        load_image({"type": "image", **block}, LIMITS)
    assert "\n" not in str(error.value)
    assert error.value.fix


def test_a_directory_is_not_read(tmp_path: Path):
    with pytest.raises(MediaError, match="is not a file"):
        load_image({"url": str(tmp_path)}, LIMITS)


def test_the_limit_of_bytes_holds_for_files_and_inline(tmp_path: Path):
    data = png(Image.effect_noise((64, 64), 80))
    (tmp_path / "a.png").write_bytes(data)
    limits = LimitsSection(max_attachment_bytes=len(data) - 1)
    for block in (inline(data), {"url": str(tmp_path / "a.png")}):
        with pytest.raises(MediaError, match="is larger than"):
            load_image(block, limits)
    assert load_image(inline(data), LimitsSection(max_attachment_bytes=len(data))).size == (64, 64)


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_a_tone_keeps_its_pitch_and_loudness(form: str, rate: int):
    sound = load_audio({"base64": encoded(tone(1000, rate), rate, form)}, RATE, LIMITS)
    assert sound.dtype == np.float32
    assert sound.shape == (8_000,)
    spectrum = np.abs(np.fft.rfft(sound))
    # Half a second has a line every 2 Hz.
    assert int(spectrum.argmax()) == 500
    assert np.sqrt((sound**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


def test_what_the_new_rate_cannot_carry_is_left_out():
    sound = load_audio({"base64": encoded(tone(10_000, 44_100), 44_100)}, RATE, LIMITS)
    assert np.abs(sound[500:-500]).max() < 0.01


def test_channels_are_averaged():
    left = tone(1000, RATE)
    sound = load_audio({"base64": encoded(np.stack([left, -left], axis=1), RATE)}, RATE, LIMITS)
    assert np.abs(sound).max() < 1e-4


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"base64": base64.b64encode(b"no sound").decode()}, "not a sound"),
        ({"base64": encoded(np.zeros(0, np.float32), RATE)}, "holds no sound"),
        ({"url": "/no/such/file.wav"}, "There is no file"),
        ({"url": "http://example.org/a.wav"}, "is remote"),
    ],
)
def test_a_bad_sound_is_refused_in_one_line(block: dict[str, str], said: str):
    with pytest.raises(MediaError, match=said) as error:
        load_audio({"type": "audio", **block}, RATE, LIMITS)
    assert "\n" not in str(error.value)
    assert error.value.fix


def test_a_sound_that_unpacks_to_too_much_is_refused():
    silence = encoded(np.zeros(RATE * 60, np.float32), RATE, "FLAC")
    with pytest.raises(MediaError, match="too long to unpack"):
        load_audio({"base64": silence}, RATE, LimitsSection(max_attachment_bytes=len(silence)))


def test_files_come_from_the_allowed_folders_alone(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "a.txt").write_bytes(b"words")
    (inside / "link.txt").symlink_to(outside / "a.txt")
    limits = LimitsSection(folders=(str(inside),))
    assert read_attachment({"url": str(inside / "a.txt")}, limits, "image")[0] == b"words"
    for path in (outside / "a.txt", inside / ".." / "out" / "a.txt", inside / "link.txt", outside / "missing"):
        with pytest.raises(MediaError, match="in no folder that images may come from"):
            read_attachment({"url": str(path)}, limits, "image")
    with pytest.raises(MediaError, match=r"limits\.folders"):
        read_attachment({"url": str(inside / "a.txt")}, LimitsSection(folders=()), "image")
