"""What the pool needs of its owner: the contract."""

from __future__ import annotations

from typing import Literal, Protocol

from langchain_core.language_models import BaseChatModel

from qwen_router.choice import Candidate

Why = Literal["room", "keep_alive", "closed"]
"""Why a model is unloaded: another needs its room, nobody used it for long, or the router closes."""


class Loader(Protocol):
    """Loads and unloads. The pool calls all but `budget` outside its lock, `load` once for a model at a time."""

    def budget(self, kind: str) -> int:
        """Return the bytes that all models on a device kind (`cpu`, `cuda`, `mps`) may take together."""

    def load(self, candidate: Candidate) -> BaseChatModel:
        """Make a chat model.

        Raises:
            RouterError: It can't be loaded.
        """

    def footprint(self, candidate: Candidate, chat_model: BaseChatModel) -> int | None:
        """Return the bytes that a loaded model takes at its peak, by measurement; `None` where nothing can tell."""

    def loaded(self, candidate: Candidate, seconds: float, measured: int | None) -> None:
        """Be told that a model is ready."""

    def unload(self, candidate: Candidate, chat_model: BaseChatModel, why: Why) -> None:
        """Give a model's memory back."""

    def lent(self, candidate: Candidate, seconds: float, waiting: int) -> None:
        """Be told that a request got its model after `seconds`, and how many requests wait now."""
