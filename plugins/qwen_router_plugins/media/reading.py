"""The encoded bytes of an attachment, from wherever its block says."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError

# Where each container tells itself, and what it holds. QuickTime's brand of sounds alone is `M4A `.
_VIDEOS = ((0, b"\x1aE\xdf\xa3"), (8, b"AVI "), (0, b"FLV"), (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"))
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"M4A ")
_BLANK = b"\xef\xbb\xbf \t\r\n"
_SVG_WITHIN = 4096
"""Bytes in which an SVG file opens its drawing, comments before it included."""


def read_attachment(block: Mapping[str, Any], limits: LimitsSection, noun: str) -> tuple[bytes, str]:
    """Return the encoded bytes of a block and a name for messages.

    Args:
        block: LangChain's standard form: `url` (a path, `file://` or `data:`) or `base64`.
        noun: `image` or `audio`.

    Raises:
        MediaError: Missing, remote, too large, or nothing of its kind, such as a video.
    """
    data, name = _read(block, limits, noun)
    if _is_video(data):
        part = "single frames as images" if noun == "image" else "its sound as WAV, FLAC, OGG or MP3"
        raise MediaError(f"{name} is a video; videos are not read.", f"Send {part}.")
    if noun == "image" and data.lstrip(_BLANK).startswith(b"<") and b"<svg" in data[:_SVG_WITHIN].lower():
        raise MediaError(f"{name} is an SVG drawing, which no model reads.", "Save it as PNG.")
    return data, name


def too_large(name: str, limits: LimitsSection) -> MediaError:
    """Return the error of more bytes than are allowed."""
    return MediaError(
        f"{name} is larger than {limits.max_attachment_bytes:,} bytes.",
        "Send a smaller file, or raise limits.max_attachment_bytes.",
    )


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, without its full stop."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _read(block: Mapping[str, Any], limits: LimitsSection, noun: str) -> tuple[bytes, str]:
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
    if not _is_allowed(path, limits):
        # Whether there is such a file isn't said either.
        raise MediaError(f"{path} is in no folder that {noun}s may come from.", "Add its folder to limits.folders.")
    try:
        # A device or a pipe has no size to check, and reading one may never end.
        if path.exists() and not path.is_file():
            raise MediaError(f"{path} is not a file.", f"Give the path of an {noun} file.")
        with path.open("rb") as file:
            return _checked(file.read(limits.max_attachment_bytes + 1), str(path), limits)
    except FileNotFoundError:
        raise MediaError(f"There is no file {path}.", "Check the path.") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"Can't read {path}: {first_line(error)}.", "Check the path and its permissions.") from None


def _is_allowed(path: Path, limits: LimitsSection) -> bool:
    """Tell whether a path lies in an allowed folder, wherever its links lead; `/` allows every one."""
    if "/" in limits.folders:
        return True
    try:
        target = path.resolve()
        return any(target.is_relative_to(Path(folder).expanduser().resolve()) for folder in limits.folders)
    except (OSError, ValueError, RuntimeError):
        return False


def _decode(encoded: str, name: str, limits: LimitsSection) -> bytes:
    # Base64 takes four characters for three bytes.
    if len(encoded) * 3 // 4 > limits.max_attachment_bytes + 2:
        raise too_large(name, limits)
    try:
        return _checked(base64.b64decode(encoded, validate=True), name, limits)
    except (binascii.Error, ValueError) as error:
        raise MediaError(
            f"{name} is not valid base64: {first_line(error)}.", "Encode the file's bytes again."
        ) from None


def _checked(data: bytes, name: str, limits: LimitsSection) -> bytes:
    if len(data) > limits.max_attachment_bytes:
        raise too_large(name, limits)
    return data


def _is_video(data: bytes) -> bool:
    if data[4:8] == b"ftyp":
        return data[8:12] not in _STILL_BRANDS
    return any(data.startswith(mark, at) for at, mark in _VIDEOS)
