"""The Qwen family as data."""

from qwen_router.catalog.catalogue import Catalogue, load_catalogue
from qwen_router.catalog.expect import (
    chance_of_success,
    expected_load_seconds,
    expected_quality,
    expected_tokens_per_second,
)
from qwen_router.catalog.memory import estimate_memory, kv_cache_bytes, linear_state_bytes, weight_bytes
from qwen_router.catalog.model import EmbeddedParts, GgufFile, Model, Quality

__all__ = [
    "Catalogue",
    "EmbeddedParts",
    "GgufFile",
    "Model",
    "Quality",
    "chance_of_success",
    "estimate_memory",
    "expected_load_seconds",
    "expected_quality",
    "expected_tokens_per_second",
    "kv_cache_bytes",
    "linear_state_bytes",
    "load_catalogue",
    "weight_bytes",
]
