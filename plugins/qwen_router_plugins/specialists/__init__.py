"""The built-in specialists."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router import ConfigError, Settings, Specialist, hookimpl
from qwen_router_plugins.sandbox import missing
from qwen_router_plugins.specialists.qwen3 import Qwen3
from qwen_router_plugins.specialists.qwen_audio import QwenAudio
from qwen_router_plugins.specialists.qwen_coder import QwenCoder
from qwen_router_plugins.specialists.qwen_math import QwenMath
from qwen_router_plugins.specialists.qwen_vl import QwenVL


@hookimpl
def specialists(settings: Settings) -> Sequence[Specialist]:
    """Return one specialist for each task of the family.

    Raises:
        ConfigError: Answers' code shall be run, and this machine can't hold it in.
    """
    run = settings.security.code_execution == "sandbox"
    if run and (why := missing()):
        raise ConfigError(why, 'Or set security.code_execution = "off".')
    return QwenMath(run_code=run), QwenCoder(run_code=run), QwenVL(), QwenAudio(), Qwen3()
