"""The tokenizer of a GGUF file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from qwen_router.errors import WeightsError
from qwen_router_plugins.backends.chat_template import Segment

# What llama.cpp splits text by before it merges bytes, by `tokenizer.ggml.pre`: src/llama-vocab.cpp.
_CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_PRE_TOKENIZERS = {
    "qwen2": _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen35": _CONTRACTIONS
    + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}
_CONTROL, _USER_DEFINED = 3, 4


class GgufTokenizer:
    """Byte-pair encoding from the vocabulary and merges of a GGUF header.

    Text gives the ids that llama.cpp gives it, but special and added tokens in it are plain text too.

    Attributes:
        specials: Ids of the special and added tokens, by text.

    Raises:
        WeightsError: The header has no tokenizer, or one of a kind that isn't known.
    """

    def __init__(self, path: Path, metadata: Mapping[str, Any]) -> None:
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers

        kind, pre = metadata.get("tokenizer.ggml.model"), str(metadata.get("tokenizer.ggml.pre"))
        try:
            tokens, types = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
            merges = [tuple(merge.split(" ", 1)) for merge in metadata["tokenizer.ggml.merges"]]
        except (KeyError, AttributeError):
            tokens = types = merges = []
        if kind != "gpt2" or pre not in _PRE_TOKENIZERS or not tokens or len(types) != len(tokens):
            raise WeightsError(
                f"{path} has no tokenizer of the Qwen family (its kind is {kind!r}, {pre!r}).",
                "Use the official GGUF file of the model.",
            )
        self.specials: dict[str, int] = {
            text: i
            for i, (text, kind) in enumerate(zip(tokens, types, strict=True))
            if kind in (_CONTROL, _USER_DEFINED)
        }
        self._bpe = Tokenizer(models.BPE({text: i for i, text in enumerate(tokens)}, merges))
        self._bpe.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_PRE_TOKENIZERS[pre]), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )

    def encode(self, text: str) -> list[int]:
        """Return the ids of plain text."""
        ids: list[int] = self._bpe.encode(text).ids
        return ids

    def encode_segments(self, segments: Iterable[Segment]) -> list[int]:
        """Return the ids of a prompt: its special tokens by id, the rest as plain text."""
        ids: list[int] = []
        for segment in segments:
            if segment.special:
                ids.append(self.specials[segment.text])
            else:
                ids.extend(self.encode(segment.text))
        return ids
