"""Sounds: measured by their headers, decoded to mono at a model's rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from qwen_router.attached import Attached
from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError
from qwen_router_plugins.media.reading import first_line, read_attachment

if TYPE_CHECKING:
    import numpy as np

# A FLAC file of silence unpacks to thousands of times its size.
_MAX_UNPACKING = 4
_FLOAT_BYTES = 4
_LEAST_SECONDS = 0.025
"""One window of the spectrogram; a token needs three of its steps of 10 ms."""


def measure_audio(block: Mapping[str, Any], limits: LimitsSection) -> Attached:
    """Return how long a sound lasts, from its header.

    Args:
        block: As for `read_attachment`.

    Raises:
        MediaError: As for `load_audio`.
    """
    with _opened(block, limits) as file:
        return Attached(kind="audio", seconds=file.frames / file.samplerate)


def load_audio(block: Mapping[str, Any], rate: int, limits: LimitsSection) -> np.ndarray:
    """Decode a sound to mono.

    Args:
        block: As for `read_attachment`; WAV, FLAC, OGG or MP3.
        rate: Samples per second to return.

    Returns:
        Samples in [-1, 1], float32, shape (n,).

    Raises:
        MediaError: Missing, remote, too large, too short to hear, or not a sound.
    """
    with _opened(block, limits) as file:
        sound, found = file.read(dtype="float32", always_2d=True), int(file.samplerate)
    return _resample(sound.mean(axis=1), found, rate)


@contextmanager
def _opened(block: Mapping[str, Any], limits: LimitsSection) -> Iterator[Any]:
    data, name = read_attachment(block, limits, "audio")
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise MediaError(
            f"Can't decode {name}: the package soundfile doesn't load ({first_line(error)}).",
            "Run `pip install soundfile`.",
        ) from None
    try:
        with soundfile.SoundFile(BytesIO(data)) as file:
            _check_length(file.frames, file.samplerate, file.channels, name, limits)
            yield file
    except soundfile.SoundFileError as error:
        raise MediaError(
            f"{name} is not a sound that can be read: {first_line(error)}.", "Send WAV, FLAC, OGG or MP3."
        ) from None


def _check_length(frames: int, rate: int, channels: int, name: str, limits: LimitsSection) -> None:
    if not frames:
        raise MediaError(f"{name} holds no sound.", "Send a recording of at least a tenth of a second.")
    if frames < _LEAST_SECONDS * rate:
        raise MediaError(
            f"{name} lasts {1000 * frames / rate:.2g} ms, too short to hear.",
            "Send a recording of at least a tenth of a second.",
        )
    if frames / rate > limits.max_audio_seconds:
        raise MediaError(
            f"{name} lasts {frames / rate:,.2f} s; {limits.max_audio_seconds:,g} s are allowed.",
            "Send a shorter piece, or raise limits.max_audio_seconds.",
        )
    if frames * channels * _FLOAT_BYTES > _MAX_UNPACKING * limits.max_attachment_bytes:
        raise MediaError(f"{name} lasts {frames / rate:,.0f} s, too long to unpack.", "Send a shorter piece.")


def _resample(sound: np.ndarray, found: int, rate: int) -> np.ndarray:
    """Change the sampling rate by cutting or padding the spectrum: exact for what lies below both Nyquist limits."""
    import numpy as np

    if found == rate:
        return sound
    length = max(1, round(len(sound) * rate / found))
    resampled = np.fft.irfft(np.fft.rfft(sound)[: length // 2 + 1], n=length) * (length / len(sound))
    return resampled.astype(np.float32)
