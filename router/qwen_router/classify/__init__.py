"""Classify requests: task, difficulty, language, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_router.classify.classifier import Classifier
    from qwen_router.classify.identify import identify_language

__all__ = ["Classifier", "identify_language"]


def __getattr__(name: str) -> Any:
    # numpy is imported with the first use of the classifier, not with the package.
    if name == "Classifier":
        from qwen_router.classify.classifier import Classifier

        return Classifier
    if name == "identify_language":
        from qwen_router.classify.identify import identify_language

        return identify_language
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
