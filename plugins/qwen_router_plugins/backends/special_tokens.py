"""The family's special tokens, and how to say them to a model without meaning them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

SPECIAL_TOKENS = (
    # ChatML
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    # Vision
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<|vision_bos|>",
    "<|vision_eos|>",
    "<|IMAGE|>",
    "<|VIDEO|>",
    # Audio
    "<|AUDIO|>",
    "<|audio_bos|>",
    "<|audio_eos|>",
    "<|audio_start|>",
    "<|audio_end|>",
    "<|audio_pad|>",
    "<tts_pad>",
    "<tts_text_bos>",
    "<tts_text_bos_single>",
    "<tts_text_eod>",
    # Fill in the middle
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    # Tools
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    # Thinking
    "<think>",
    "</think>",
)
"""Added tokens of Qwen1.5 to Qwen3.8, from their `tokenizer_config.json`. Tokenizers find all of them in plain text,
also those that are not marked special, such as `<tool_call>`."""

SEPARATOR = "\u2060"
"""WORD JOINER: invisible, without width, no break; neither NFC nor NFKC nor a template's trimming takes it out."""

# Qwen2-Audio has hundreds of `<|...|>` tokens beside the listed ones: languages, timestamps, tasks.
_OPENING = re.compile(
    r"<(?=\|[^<>|\s]{1,64}\|>|" + "|".join(re.escape(token[1:]) for token in SPECIAL_TOKENS) + ")",
)


def break_up(text: str) -> str:
    """Put a separator behind the `<` of every special token, so that a server reads it as plain text."""
    return _OPENING.sub(f"<{SEPARATOR}", text)


def break_up_run(texts: Sequence[str]) -> list[str]:
    """Break up the special tokens of texts that a template will join, also those that run across two of them."""
    cuts = [match.end() for match in _OPENING.finditer("".join(texts))]
    broken, start = [], 0
    for text in texts:
        inside = [cut - start for cut in cuts if start < cut <= start + len(text)]
        edges = [0, *inside, len(text)]
        broken.append(SEPARATOR.join(text[a:b] for a, b in pairwise(edges)))
        start += len(text)
    return broken


def mend(text: str) -> str:
    """Take the separators out of what a model wrote: it may repeat a token as it was told it."""
    return text.replace(SEPARATOR, "")
