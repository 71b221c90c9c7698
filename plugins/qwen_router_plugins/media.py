"""Images and sounds of a message: found, checked against the limits, decoded."""

from __future__ import annotations

import base64
import binascii
import warnings
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Pillow's other readers start programs (EPS) or are rarely fuzzed; none of them is a format people send.
_IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
# A FLAC file of silence unpacks to thousands of times its size.
_MAX_UNPACKING = 4
_FLOAT_BYTES = 4


def load_image(block: Mapping[str, Any], limits: LimitsSection) -> Image.Image:
    """Decode an image block to RGB, upright; transparent parts become white, as in Qwen's own `qwen-vl-utils`.

    The size in the header is checked before a pixel is decoded.

    Args:
        block: LangChain's standard form: `url` (a path, `file://` or `data:`) or `base64`.

    Raises:
        MediaError: Missing, remote, too large, not an image, or cut short.
    """
    from PIL import Image, ImageOps

    data, name = read_attachment(block, limits, "image")
    most = f"At most {limits.max_image_pixels:,} pixels are allowed: scale it down, or raise limits.max_image_pixels."
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 megapixels on; the limit that holds here is the operator's.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(BytesIO(data), formats=_IMAGE_FORMATS)
    except Image.DecompressionBombError:
        raise MediaError(f"{name} has too many pixels.", most) from None
    except Exception:
        raise MediaError(f"{name} is not an image.", f"Send one of {', '.join(_IMAGE_FORMATS)}.") from None
    if image.width * image.height > limits.max_image_pixels:
        raise MediaError(f"{name} has {image.width:,} x {image.height:,} pixels.", most)
    try:
        image.load()
        return _on_white(ImageOps.exif_transpose(image))
    # Decoders meet hostile bytes and raise whatever their format's code raises.
    except Exception as error:
        raise MediaError(f"{name} is damaged: {_line(error)}.", "Save it again and send the new file.") from None


def load_audio(block: Mapping[str, Any], rate: int, limits: LimitsSection) -> np.ndarray:
    """Decode an audio block to mono.

    Args:
        block: As for `load_image`; WAV, FLAC, OGG or MP3.
        rate: Samples per second to return.

    Returns:
        Samples in [-1, 1], float32, shape (n,).

    Raises:
        MediaError: Missing, remote, too large, empty, or not a sound.
    """
    data, name = read_attachment(block, limits, "audio")
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise MediaError(
            f"Can't decode {name}: the package soundfile doesn't load ({_line(error)}).", "Run `pip install soundfile`."
        ) from None
    try:
        with soundfile.SoundFile(BytesIO(data)) as file:
            seconds = file.frames / file.samplerate
            if seconds > limits.max_audio_seconds:
                raise MediaError(
                    f"{name} lasts {seconds:,.2f} s; {limits.max_audio_seconds:,g} s are allowed.",
                    "Send a shorter piece, or raise limits.max_audio_seconds.",
                )
            if file.frames * file.channels * _FLOAT_BYTES > _MAX_UNPACKING * limits.max_attachment_bytes:
                raise MediaError(f"{name} lasts {seconds:,.0f} s, too long to unpack.", "Send a shorter piece.")
            sound, found = file.read(dtype="float32", always_2d=True), int(file.samplerate)
    except soundfile.SoundFileError as error:
        raise MediaError(
            f"{name} is not a sound that can be read: {_line(error)}.", "Send WAV, FLAC, OGG or MP3."
        ) from None
    if not len(sound):
        raise MediaError(f"{name} holds no sound.", "Send a recording of at least a tenth of a second.")
    return _resample(sound.mean(axis=1), found, rate)


def read_attachment(block: Mapping[str, Any], limits: LimitsSection, noun: str) -> tuple[bytes, str]:
    """Return the encoded bytes of a block, as for `load_image`, and a name for messages.

    Args:
        noun: `image` or `audio`.

    Raises:
        MediaError: Missing, remote or too large.
    """
    inline = f"The inline {noun}"
    if encoded := block.get("base64"):
        return _decode(str(encoded), inline, limits), inline
    url = str(block.get("url") or "")
    if not url:
        raise MediaError(f"A block of type {noun} names no file.", "Give it a `url` or `base64`.")
    scheme = url.split(":", 1)[0].lower()
    if scheme == "data":
        header, comma, body = url.partition(",")
        if not comma:
            raise MediaError(f"{inline} is not a valid data URL.", "It must be `data:TYPE;base64,DATA`.")
        if header.endswith(";base64"):
            return _decode(body, inline, limits), inline
        return _checked(unquote_to_bytes(body), inline, limits), inline
    if scheme in ("http", "https", "ftp"):
        raise MediaError(f"The {noun} {url} is remote.", "Download it and give the file's path.")
    path = Path(url2pathname(urlsplit(url).path) if scheme == "file" else url).expanduser()
    return _read_file(path, noun, limits), str(path)


def _read_file(path: Path, noun: str, limits: LimitsSection) -> bytes:
    try:
        # A device or a pipe has no size to check, and reading one may never end.
        if path.exists() and not path.is_file():
            raise MediaError(f"{path} is not a file.", f"Give the path of an {noun} file.")
        with path.open("rb") as file:
            return _checked(file.read(limits.max_attachment_bytes + 1), str(path), limits)
    except FileNotFoundError:
        raise MediaError(f"There is no file {path}.", "Check the path.") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"Can't read {path}: {_line(error)}.", "Check the path and its permissions.") from None


def _decode(encoded: str, name: str, limits: LimitsSection) -> bytes:
    # Base64 takes four characters for three bytes.
    if len(encoded) * 3 // 4 > limits.max_attachment_bytes + 2:
        raise _too_large(name, limits)
    try:
        return _checked(base64.b64decode(encoded, validate=True), name, limits)
    except (binascii.Error, ValueError) as error:
        raise MediaError(f"{name} is not valid base64: {_line(error)}.", "Encode the file's bytes again.") from None


def _checked(data: bytes, name: str, limits: LimitsSection) -> bytes:
    if len(data) > limits.max_attachment_bytes:
        raise _too_large(name, limits)
    return data


def _too_large(name: str, limits: LimitsSection) -> MediaError:
    return MediaError(
        f"{name} is larger than {limits.max_attachment_bytes:,} bytes.",
        "Send a smaller file, or raise limits.max_attachment_bytes.",
    )


def _on_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    shown = image.convert("RGBA")
    ground = Image.new("RGB", shown.size, "white")
    ground.paste(shown, mask=shown.getchannel("A"))
    return ground


def _resample(sound: np.ndarray, found: int, rate: int) -> np.ndarray:
    """Change the sampling rate by cutting or padding the spectrum: exact for what lies below both Nyquist limits."""
    import numpy as np

    if found == rate:
        return sound
    length = max(1, round(len(sound) * rate / found))
    resampled = np.fft.irfft(np.fft.rfft(sound)[: length // 2 + 1], n=length) * (length / len(sound))
    return resampled.astype(np.float32)


def _line(error: Exception) -> str:
    """Return the first line of an error's text."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
