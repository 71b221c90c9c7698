"""Judges mathematics."""

from __future__ import annotations

from qwen_router_plugins.checks.mathematics.algebra import ALGEBRA
from qwen_router_plugins.checks.mathematics.judge import judge_mathematics, same_result
from qwen_router_plugins.checks.mathematics.word_problem import is_word_problem

__all__ = ["ALGEBRA", "is_word_problem", "judge_mathematics", "same_result"]
