"""Random checkpoints of real shapes, with the catalogue rows that describe them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qwen_router.catalog import Model, load_catalogue

SHARD_BYTES = 4_000_000_000
"""Most of the official repositories have shards of this size."""
_VOCABULARY = 151_936
_SEEING_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% if message.content is string %}"
    "{{ message.content }}{% else %}{% for block in message.content %}{% if block.type == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ block.text }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
_TEXT = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads")


@dataclass(frozen=True)
class Shape:
    """The numbers of a random checkpoint; `text` is hidden, intermediate, layers, heads and KV heads.

    Attributes:
        like: The catalogue model whose other fields it takes.
        vision: What the vision tower's configuration changes; without it there is none.
    """

    like: str
    text: tuple[int, int, int, int, int]
    head_dim: int
    tied: bool
    vision: dict[str, Any] = field(default_factory=dict)


SHAPES = {
    "random-qwen2-0.3GB": Shape("Qwen2.5-0.5B-Instruct", (640, 2560, 9, 10, 2), 64, tied=True),
    "random-qwen3-0.6GB": Shape("Qwen3-0.6B", (512, 2048, 31, 16, 8), 64, tied=False),
    "random-qwen2-1GB": Shape("Qwen2.5-0.5B-Instruct", (896, 4864, 24, 14, 2), 64, tied=True),
    "random-qwen2.5-vl-1.7GB": Shape(
        "Qwen2.5-VL-3B-Instruct", (1024, 4096, 24, 16, 2), 64, tied=True, vision={"depth": 16}
    ),
    "random-qwen3-2GB": Shape("Qwen3-0.6B", (1024, 3072, 44, 16, 8), 128, tied=False),
    "random-qwen2-3GB": Shape("Qwen2.5-1.5B-Instruct", (1536, 8960, 28, 12, 2), 128, tied=True),
    "random-Qwen3-8B": Shape("Qwen3-8B", (4096, 12288, 36, 32, 8), 128, tied=False),
    "random-Qwen3-14B": Shape("Qwen3-14B", (5120, 17408, 40, 40, 8), 128, tied=False),
    "random-Qwen3-32B": Shape("Qwen3-32B", (5120, 25600, 64, 64, 8), 128, tied=False),
    "random-Qwen2.5-VL-7B": Shape(
        "Qwen2.5-VL-7B-Instruct", (3584, 18944, 28, 28, 4), 128, tied=False, vision={"depth": 32}
    ),
}


def catalogue_row(name: str) -> Model:
    """Return the catalogue's row of a random checkpoint; its parameters are counted on the network's blueprint."""
    shape = SHAPES[name]
    network = _blueprint(shape)
    hidden, intermediate, layers, heads, kv_heads = shape.text
    count = sum(p.numel() for p in network.parameters())
    tower = sum(p.numel() for n, p in network.named_parameters() if n.startswith("model.visual."))
    return (
        load_catalogue()
        .find(shape.like)
        .model_copy(
            update={
                "id": f"benchmark/{name}",
                "parameters": count,
                "active_parameters": count,
                "stored_parameters": count,
                "tower_parameters": tower,
                "hidden_size": hidden,
                "intermediate_size": intermediate,
                "layers": layers,
                "attention_layers": layers,
                "heads": heads,
                "kv_heads": kv_heads,
                "head_dim": shape.head_dim,
                "vocab_size": _VOCABULARY,
                "tied_embeddings": shape.tied,
                "gguf": (),
            }
        )
    )


def write_checkpoint(name: str, tokenizer: Path, directory: Path) -> None:
    """Write a random checkpoint in bf16 shards, holding one shard at a time, with the tokenizer of a GGUF file."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoTokenizer, GenerationConfig

    network = _blueprint(SHAPES[name])
    AutoTokenizer.from_pretrained(str(tokenizer.parent), gguf_file=tokenizer.name).save_pretrained(str(directory))
    network.config.save_pretrained(str(directory))
    GenerationConfig(eos_token_id=[151645, 151643], pad_token_id=151643).save_pretrained(str(directory))
    if SHAPES[name].vision:
        # The tokenizer is a text model's: its template knows no images.
        (directory / "chat_template.jinja").write_text(_SEEING_TEMPLATE)
        (directory / "preprocessor_config.json").write_text(
            json.dumps({"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 14, "merge_size": 2})
        )
    generator = torch.Generator().manual_seed(7)
    index: dict[str, str] = {}
    for number, names in enumerate(_shards(network)):
        file = f"model-{number:05}.safetensors"
        shapes = {n: p.shape for n, p in network.named_parameters() if n in names}
        # Small even numbers: drawing normal ones would take longer than loading them.
        tensors = {
            n: torch.empty(s, dtype=torch.bfloat16).uniform_(-0.03, 0.03, generator=generator)
            for n, s in shapes.items()
        }
        save_file(tensors, directory / file, metadata={"format": "pt"})
        index |= dict.fromkeys(tensors, file)
    (directory / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))


def _shards(network: Any) -> Iterator[set[str]]:
    held: set[str] = set()
    size = 0
    for name, parameter in network.named_parameters():
        if held and size + 2 * parameter.numel() > SHARD_BYTES:
            yield held
            held, size = set(), 0
        held.add(name)
        size += 2 * parameter.numel()
    yield held


def _blueprint(shape: Shape) -> Any:
    """Return the network without its numbers."""
    import torch
    import transformers

    text = {
        **dict(zip(_TEXT, shape.text, strict=True)),
        "vocab_size": _VOCABULARY,
        "max_position_embeddings": 40_960,
        "tie_word_embeddings": shape.tied,
        "head_dim": shape.head_dim,
        "dtype": "bfloat16",
        "bos_token_id": None,
        "eos_token_id": 151645,
        "pad_token_id": 151643,
    }
    row = load_catalogue().find(shape.like)
    with torch.device("meta"):
        if shape.vision:
            sections = [shape.head_dim // 8, shape.head_dim * 3 // 16, shape.head_dim * 3 // 16]
            rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": sections}
            config = transformers.Qwen2_5_VLConfig(
                text_config={**text, "rope_parameters": rope},
                vision_config={
                    "hidden_size": 1280,
                    "intermediate_size": 3420,
                    "num_heads": 16,
                    "out_hidden_size": shape.text[0],
                    **shape.vision,
                },
                image_token_id=151655,
                video_token_id=151656,
                vision_start_token_id=151652,
                vision_end_token_id=151653,
                tie_word_embeddings=shape.tied,
                dtype="bfloat16",
                architectures=[row.architecture],
            )
            return transformers.Qwen2_5_VLForConditionalGeneration(config)
        kind = row.architecture.removesuffix("ForCausalLM")
        config = getattr(transformers, f"{kind}Config")(**text, architectures=[row.architecture])
        return getattr(transformers, row.architecture)(config)
