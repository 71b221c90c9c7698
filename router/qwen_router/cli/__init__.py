"""The command line."""

from qwen_router.cli.main import main

__all__ = ["main"]
