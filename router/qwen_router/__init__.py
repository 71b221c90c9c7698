"""A task router for the Qwen family of open models.

Names are imported when they are first used, so that `import qwen_router` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_router.adapting.adapt import adapt
    from qwen_router.app import Router
    from qwen_router.backend import Backend, ModelFiles, Progress, Stored, WeightSource, call_options
    from qwen_router.cancellation import Cancellation, current_cancellation
    from qwen_router.catalog import Catalogue, Model, chance_of_success, load_catalogue
    from qwen_router.chat_model import ChatQwenRouter
    from qwen_router.choice import Candidate, Choice, Offer
    from qwen_router.classify import identify_language
    from qwen_router.classify.attack import Attack, attack_of
    from qwen_router.config import Settings
    from qwen_router.errors import (
        ArtefactError,
        BackendError,
        BackendUnavailable,
        Cancelled,
        ConfigError,
        DeadlineExceeded,
        InputError,
        MediaError,
        NoModelFits,
        OutOfMemory,
        Overloaded,
        PluginError,
        Refused,
        RouterError,
        TracesError,
        UnknownModel,
        UnknownTask,
        WeightsError,
    )
    from qwen_router.events import Event
    from qwen_router.health import Finding, Health
    from qwen_router.hookspecs import hookimpl
    from qwen_router.languages import speaks_of_language
    from qwen_router.parsing import boxed, code_blocks, split_thinking
    from qwen_router.request import Chunk, Hints, Request, Sampling, estimated_tokens
    from qwen_router.resources import Device, Resources
    from qwen_router.settings_file import load_settings
    from qwen_router.specialist import FollowUp, Specialist
    from qwen_router.status import Status
    from qwen_router.types import (
        Answer,
        Attempt,
        Check,
        Classification,
        CodeBlock,
        Decision,
        Escalation,
        Generation,
        Moderation,
        Plan,
        Reason,
        Step,
        Timings,
        Usage,
        Verdict,
    )

__all__ = [
    "Answer",
    "ArtefactError",
    "Attack",
    "Attempt",
    "Backend",
    "BackendError",
    "BackendUnavailable",
    "Cancellation",
    "Cancelled",
    "Candidate",
    "Catalogue",
    "ChatQwenRouter",
    "Check",
    "Choice",
    "Chunk",
    "Classification",
    "CodeBlock",
    "ConfigError",
    "DeadlineExceeded",
    "Decision",
    "Device",
    "Escalation",
    "Event",
    "Finding",
    "FollowUp",
    "Generation",
    "Health",
    "Hints",
    "InputError",
    "MediaError",
    "Model",
    "ModelFiles",
    "Moderation",
    "NoModelFits",
    "Offer",
    "OutOfMemory",
    "Overloaded",
    "Plan",
    "PluginError",
    "Progress",
    "Reason",
    "Refused",
    "Request",
    "Resources",
    "Router",
    "RouterError",
    "Sampling",
    "Settings",
    "Specialist",
    "Status",
    "Step",
    "Stored",
    "Timings",
    "TracesError",
    "UnknownModel",
    "UnknownTask",
    "Usage",
    "Verdict",
    "WeightSource",
    "WeightsError",
    "adapt",
    "attack_of",
    "boxed",
    "call_options",
    "chance_of_success",
    "code_blocks",
    "current_cancellation",
    "estimated_tokens",
    "hookimpl",
    "identify_language",
    "load_catalogue",
    "load_settings",
    "speaks_of_language",
    "split_thinking",
]

# Where the names live, the lightest first: `app` alone brings langgraph.
_MODULES = (
    "errors",
    "types",
    "request",
    "parsing",
    "cancellation",
    "config",
    "settings_file",
    "resources",
    "catalog",
    "backend",
    "specialist",
    "events",
    "health",
    "languages",
    "classify",
    "classify.attack",
    "status",
    "hookspecs",
    "app",
    "chat_model",
    "adapting.adapt",
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        for home in _MODULES:
            module = importlib.import_module(f"{__name__}.{home}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
