"""The built-in specialists."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router import Specialist, hookimpl
from qwen_router_plugins.specialists.qwen3 import Qwen3
from qwen_router_plugins.specialists.qwen_audio import QwenAudio
from qwen_router_plugins.specialists.qwen_coder import QwenCoder
from qwen_router_plugins.specialists.qwen_math import QwenMath
from qwen_router_plugins.specialists.qwen_vl import QwenVL


@hookimpl
def specialists() -> Sequence[Specialist]:
    """Return one specialist for each task of the family."""
    return QwenMath(), QwenCoder(), QwenVL(), QwenAudio(), Qwen3()
