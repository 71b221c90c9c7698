"""Text to token ids and back."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qwen_router_plugins.backends.chat_template import Segment

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

STOP_TOKENS = ("<|im_end|>", "<|endoftext|>")
_BYTES = 256


class Vocabulary:
    """A Qwen tokenizer in which no plain text can become a special or an added token.

    Attributes:
        specials: Ids of special and added tokens, by text.
        stops: Ids that end an answer.
        pad: Id that fills short rows of a batch.
        backend: The tokenizer of the `tokenizers` library.

    Raises:
        ValueError: The tokenizer has no vocabulary: transformers makes an empty one where the file is missing.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        from tokenizers import Tokenizer
        from tokenizers.normalizers import NFC

        self.backend: Any = tokenizer.backend_tokenizer
        words = self.backend.get_vocab(with_added_tokens=False)
        if len(words) < _BYTES:
            raise ValueError("the tokenizer's vocabulary is missing")
        added = tokenizer.added_tokens_decoder
        self.specials = {token.content: index for index, token in added.items()}
        self.stops = frozenset(self.specials[text] for text in STOP_TOKENS if text in self.specials)
        self.pad = self.specials["<|endoftext|>"]
        # `split_special_tokens=True` leaves added tokens that aren't called special whole, such as `</think>`.
        self._plain = Tokenizer(self.backend.model)
        self._plain.pre_tokenizer = self.backend.pre_tokenizer
        # A GGUF file doesn't carry the normaliser of the published tokenizers.
        self._plain.normalizer = self.backend.normalizer or NFC()
        self._bytes = _token_bytes(words, len(tokenizer))
        for index, token in added.items():
            self._bytes[index] = b"" if token.special else token.content.encode()

    def encode(self, segments: Sequence[Segment]) -> list[int]:
        """Return token ids; plain pieces that touch are encoded as one text."""
        ids: list[int] = []
        held = ""
        for segment in segments:
            if not segment.special:
                held += segment.text
                continue
            ids += self._encode_plain(held)
            ids.append(self.specials[segment.text])
            held = ""
        return ids + self._encode_plain(held)

    def text_stream(self) -> TextStream:
        """Return a decoder for one answer."""
        return TextStream(self._bytes)

    def _encode_plain(self, text: str) -> list[int]:
        return list(self._plain.encode(text, add_special_tokens=False).ids) if text else []


class TextStream:
    """Turns tokens into text as they come, holding back a character whose bytes aren't complete."""

    def __init__(self, token_bytes: Sequence[bytes]) -> None:
        self._token_bytes = token_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token: int) -> str:
        """Return the text that is complete after `token`; special tokens have none."""
        # Models pad their output layer: an id beyond the vocabulary means nothing.
        return self._decoder.decode(self._token_bytes[token]) if token < len(self._token_bytes) else ""

    def close(self) -> str:
        """Return what was held back."""
        return self._decoder.decode(b"", final=True)


class StopScanner:
    """Passes text on until one of the stop strings, which it holds back and leaves out."""

    def __init__(self, stops: Iterable[str]) -> None:
        self._stops = tuple(s for s in stops if s)
        self._held = ""

    def feed(self, text: str) -> tuple[str, bool]:
        """Return what may be shown, and whether a stop string was met."""
        if not self._stops:
            return text, False
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            shown, self._held = self._held[: min(found)], ""
            return shown, True
        keep = max(
            (n for stop in self._stops for n in range(1, len(stop)) if self._held.endswith(stop[:n])),
            default=0,
        )
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown, False

    def close(self) -> str:
        """Return what was held back: it was not the start of a stop string after all."""
        held, self._held = self._held, ""
        return held


def _token_bytes(vocab: dict[str, int], size: int) -> list[bytes]:
    """Return each token's bytes, by id. Byte-level BPE writes a byte as one visible character (GPT-2)."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    byte_of = {character: byte for byte, character in bytes_to_unicode().items()}
    table = [b""] * max(size, max(vocab.values(), default=0) + 1)
    for token, index in vocab.items():
        # Tokens that aren't byte-level are the padding of GGUF vocabularies.
        if all(character in byte_of for character in token):
            table[index] = bytes(byte_of[character] for character in token)
    return table
