"""Messages to model inputs: token ids, pixels, spectrograms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage

from qwen_router.config import LimitsSection
from qwen_router.errors import InputError, MediaError
from qwen_router.request import blocks_of
from qwen_router.senses import Sight
from qwen_router_plugins.backends.chat_template import ChatTemplate, opens_thought
from qwen_router_plugins.backends.transformers.vocabulary import Vocabulary
from qwen_router_plugins.media import load_audio, load_image

if TYPE_CHECKING:
    import torch
    from transformers import BatchFeature

IMAGE_TOKEN, AUDIO_TOKEN = "<|image_pad|>", "<|AUDIO|>"


@dataclass(frozen=True)
class Prompt:
    """One call's input.

    Attributes:
        ids: Token ids, media tokens already repeated.
        media: Tensors that the model takes beside them, images or sounds along dimension 0.
        opened: The prompt ends inside a thought.
    """

    ids: list[int]
    media: dict[str, torch.Tensor] = field(default_factory=dict)
    opened: bool = False


@dataclass(frozen=True)
class PromptBuilder:
    """Builds prompts for one checkpoint.

    Attributes:
        image_processor: A callable with `merge_size`, `None` where the model sees no images.
        feature_extractor: A Whisper feature extractor, `None` where the model hears no sounds.
    """

    name: str
    template: ChatTemplate
    vocabulary: Vocabulary
    image_processor: Any = None
    feature_extractor: Any = None

    def build(
        self, messages: Sequence[BaseMessage], *, thinking: bool, thought: str | None = None, limits: LimitsSection
    ) -> Prompt:
        """Return the prompt of a conversation, with the model's thought at its end where one is given.

        Raises:
            MediaError: An attachment that can't be used, or that this model doesn't read.
            InputError: A conversation that the template refuses.
        """
        images, image_counts = self._images(messages, limits)
        sounds, sound_counts = self._sounds(messages, limits)
        segments = self.template.segments(messages, thinking=thinking, thought=thought)
        ids = self.vocabulary.encode(segments)
        ids = self._expand(ids, IMAGE_TOKEN, image_counts)
        ids = self._expand(ids, AUDIO_TOKEN, sound_counts)
        return Prompt(ids, {**images, **sounds}, opens_thought(segments))

    def _images(
        self, messages: Sequence[BaseMessage], limits: LimitsSection
    ) -> tuple[dict[str, torch.Tensor], list[int]]:
        blocks = [block for message in messages for block in blocks_of(message, "image")]
        if not blocks:
            return {}, []
        if self.image_processor is None:
            raise MediaError(f"{self.name} sees no images.", "Use a model such as Qwen2.5-VL.")
        processor = self.image_processor
        size = processor.size
        sight = Sight(processor.patch_size * processor.merge_size, size["shortest_edge"], size["longest_edge"])
        # Resized while they are decoded: whole, a large one would lie in memory several times.
        features: BatchFeature = processor(
            images=[load_image(block, limits, sight) for block in blocks], do_resize=False, return_tensors="pt"
        )
        merged = processor.merge_size**2
        counts = [int(grid.prod()) // merged for grid in features["image_grid_thw"]]
        return {name: features[name] for name in ("pixel_values", "image_grid_thw")}, counts

    def _sounds(
        self, messages: Sequence[BaseMessage], limits: LimitsSection
    ) -> tuple[dict[str, torch.Tensor], list[int]]:
        blocks = [block for message in messages for block in blocks_of(message, "audio")]
        if not blocks:
            return {}, []
        if self.feature_extractor is None:
            raise MediaError(f"{self.name} hears no sounds.", "Use a model such as Qwen2-Audio.")
        rate, most = int(self.feature_extractor.sampling_rate), int(self.feature_extractor.n_samples)
        sounds = [load_audio(block, rate, limits) for block in blocks]
        if (longest := max(len(sound) for sound in sounds)) > most:
            raise MediaError(
                f"A sound lasts {longest / rate:,.1f} s; {self.name} hears {most / rate:,.0f} s.", "Send it in pieces."
            )
        features: BatchFeature = self.feature_extractor(
            sounds, sampling_rate=rate, padding="max_length", return_attention_mask=True, return_tensors="pt"
        )
        # Two strides of 2: the encoder's second convolution and its pooling (`Qwen2AudioProcessor`).
        counts = [((int(n) - 1) // 2 + 1 - 2) // 2 + 1 for n in features["attention_mask"].sum(-1)]
        if min(counts) < 1:
            raise MediaError("A sound is too short to hear.", "Send at least a tenth of a second.")
        return {
            "input_features": features["input_features"],
            "feature_attention_mask": features["attention_mask"],
        }, counts

    def _expand(self, ids: list[int], token: str, counts: list[int]) -> list[int]:
        """Repeat each media token as often as its image or sound has embeddings."""
        if not counts:
            return ids
        index = self.vocabulary.specials.get(token, -1)
        if (shown := ids.count(index)) != len(counts):
            raise InputError(
                f"The chat template of {self.name} shows {shown} of {len(counts)} attachments.",
                "Attach them to user turns.",
            )
        remaining = iter(counts)
        return [i for current in ids for i in ([current] * next(remaining) if current == index else [current])]
