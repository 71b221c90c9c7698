"""Images and sounds of a message: found, checked against the limits, measured, decoded."""

from qwen_router_plugins.media.image import as_sent, check_image, load_image, measure_image
from qwen_router_plugins.media.reading import read_attachment
from qwen_router_plugins.media.remote import fetch, is_remote
from qwen_router_plugins.media.sound import load_audio, measure_audio

__all__ = [
    "as_sent",
    "check_image",
    "fetch",
    "is_remote",
    "load_audio",
    "load_image",
    "measure_audio",
    "measure_image",
    "read_attachment",
]
