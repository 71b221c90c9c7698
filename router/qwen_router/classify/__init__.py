"""The classifier: what a request is."""

from qwen_router.classify.classifier import GENERAL, Classifier

__all__ = ["GENERAL", "Classifier"]
