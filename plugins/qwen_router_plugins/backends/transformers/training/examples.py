"""Examples as token ids, with the loss on the answers alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from qwen_router.adapting.job import Example, Job
from qwen_router.config import LimitsSection
from qwen_router.errors import InputError
from qwen_router_plugins.backends.chat_template import Segment
from qwen_router_plugins.backends.transformers.prompt import PromptBuilder

_NO_LOSS = -100
"""The label that torch's cross entropy passes over."""
_END = "<|im_end|>"
Tokens = dict[str, list[int]]


@dataclass(frozen=True)
class Split:
    """What is learned, and what is kept for measuring."""

    learned: list[Tokens]
    measured: list[Tokens]


def split_examples(job: Job, prompts: PromptBuilder, context: int, limits: LimitsSection) -> Split:
    """Tokenise the examples as the model will meet them, and draw some for validation.

    The checkpoint's own chat template makes the prompts, in the very way that requests take: special tokens in the data
    are plain text, and hybrid models are told not to think.

    Raises:
        InputError: One is longer than the context.
    """
    tokens = [_tokens(example, prompts, context, limits) for example in job.examples]
    order = list(range(len(tokens)))
    random.Random(job.seed).shuffle(order)
    kept = max(1, round(len(order) * job.validation))
    return Split(_those(tokens, order[kept:]), _those(tokens, order[:kept]))


def _tokens(example: Example, prompts: PromptBuilder, context: int, limits: LimitsSection) -> Tokens:
    asked = prompts.build(example.messages, thinking=False, limits=limits).ids
    answer = prompts.vocabulary.encode([Segment(False, example.answer), Segment(True, _END)])
    if len(asked) + len(answer) > context:
        raise InputError(
            f"Line {example.line} takes {len(asked) + len(answer):,} tokens; {prompts.name} is trained with "
            f"{context:,}.",
            "Shorten it, or raise sizing.context.",
        )
    return {"input_ids": asked + answer, "labels": [_NO_LOSS] * len(asked) + answer}


def _those(tokens: Sequence[Tokens], order: Sequence[int]) -> list[Tokens]:
    return [tokens[i] for i in order]
