"""Loads each model once, shares it, and evicts idle ones to stay within the memory budget."""

from qwen_router.pool.loader import Loader, Why
from qwen_router.pool.pool import Pool
from qwen_router.pool.slot import LoadedModel

__all__ = ["LoadedModel", "Loader", "Pool", "Why"]
