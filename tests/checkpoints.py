"""Tiny randomly initialised checkpoints of every architecture, saved the way the real ones are published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SEED = 7
CONTEXT = 512
HIDDEN = 64
VOCAB = 151_680
"""Wide enough for every id of the family's tokenizers up to Qwen3's `</think>`, 151,668."""
AUDIO_SECONDS = 2

_THINKING = {151665: "<tool_response>", 151666: "</tool_response>", 151667: "<think>", 151668: "</think>"}
_AUDIO = {151646: "<|AUDIO|>", 151647: "<|audio_bos|>", 151648: "<|audio_eos|>"}
_BASE = 151_643
_NOT_SPECIAL = ("<tool_call>", "</tool_call>", "<|fim_", "<|repo_name|>", "<|file_sep|>")
_QWEN3_TEMPLATE = (
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% endif %}"
)
_VISION_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% if message.content is string %}"
    "{{ message.content }}{% else %}{% for block in message.content %}{% if block.type == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in block %}{{ block.text }}{% endif %}{% endfor %}"
    "{% endif %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)


_VISION_TOKENS: dict[str, Any] = {
    "image_token_id": 151655,
    "video_token_id": 151656,
    "vision_start_token_id": 151652,
    "vision_end_token_id": 151653,
    "tie_word_embeddings": True,
}
_INTERLEAVED = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [4, 2, 2], "mrope_interleaved": True}
_DEEP_TOWER: dict[str, Any] = {
    "depth": 2,
    "hidden_size": HIDDEN,
    "intermediate_size": 2 * HIDDEN,
    "num_heads": 4,
    "out_hidden_size": HIDDEN,
    "num_position_embeddings": 64,
    "deepstack_visual_indexes": [0, 1],
    "initializer_range": 0.3,
}


def save_tokenizer(gguf: Path, directory: Path) -> None:
    """Write the official Qwen2.5 tokenizer that a GGUF file carries, in the form of the family's repositories.

    A GGUF file lists added tokens in the vocabulary and pads it; the published `tokenizer.json` does neither, and it
    normalises to NFC and calls the fill-in-the-middle tokens not special.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    tokenizer.save_pretrained(str(directory))
    file = directory / "tokenizer.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    model = data["model"]
    model["vocab"] = {token: i for token, i in model["vocab"].items() if i < _BASE}
    data["normalizer"] = {"type": "NFC"}
    for token in data["added_tokens"]:
        token["special"] = not token["content"].startswith(_NOT_SPECIAL)
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    (directory / "tokenizer_config.json").write_text(
        json.dumps(
            {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}, indent=2
        ),
        encoding="utf-8",
    )


def _with_tokens(source: Path, directory: Path, named: dict[int, str], *, special: bool, template: str = "") -> None:
    """Copy a tokenizer, naming some ids anew, with a chat template of its own where one is given."""
    directory.mkdir(parents=True, exist_ok=True)
    data = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    kept = [token for token in data["added_tokens"] if token["id"] not in named]
    shape = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
    added = [{"id": i, "content": text, **shape} for i, text in named.items()]
    data["added_tokens"] = sorted([*kept, *added], key=lambda token: token["id"])
    (directory / "tokenizer.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    config = (source / "tokenizer_config.json").read_text(encoding="utf-8")
    (directory / "tokenizer_config.json").write_text(config, encoding="utf-8")
    template = template or (source / "chat_template.jinja").read_text(encoding="utf-8")
    (directory / "chat_template.jinja").write_text(template, encoding="utf-8")


def _text(**changes: Any) -> dict[str, Any]:
    return {
        "vocab_size": VOCAB,
        "hidden_size": HIDDEN,
        "intermediate_size": 2 * HIDDEN,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": CONTEXT,
        "tie_word_embeddings": True,
        # The usual 0.02 makes tiny models repeat one token; this makes them say different things.
        "initializer_range": 0.3,
        "pad_token_id": 151643,
        "eos_token_id": 151645,
        "bos_token_id": None,
        **changes,
    }


def _save(network: Any, directory: Path) -> None:
    import torch
    from transformers import GenerationConfig

    network.generation_config = GenerationConfig(
        eos_token_id=[151645, 151643], pad_token_id=151643, do_sample=True, temperature=0.7, repetition_penalty=1.05
    )
    network.to(torch.bfloat16).save_pretrained(str(directory))


def _seeded(make: Callable[[], Any]) -> Any:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return make()


def save_qwen2(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen2 checkpoint, the architecture of Qwen2.5, Math and Coder."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    _with_tokens(tokenizer, directory, {}, special=True)
    _save(_seeded(lambda: Qwen2ForCausalLM(Qwen2Config(**_text()))), directory)
    return directory


def save_qwen3(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen3 checkpoint with its thought tokens and a template that knows `enable_thinking`."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    _with_tokens(tokenizer, directory, _THINKING, special=False, template=_QWEN3_TEMPLATE)
    _save(_seeded(lambda: Qwen3ForCausalLM(Qwen3Config(**_text(head_dim=16)))), directory)
    return directory


def save_qwen3_moe(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen3-MoE checkpoint: four experts, two a token."""
    from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

    _with_tokens(tokenizer, directory, _THINKING, special=False, template=_QWEN3_TEMPLATE)
    config = Qwen3MoeConfig(
        **_text(head_dim=16, moe_intermediate_size=HIDDEN, num_experts=4, num_experts_per_tok=2, decoder_sparse_step=1)
    )
    _save(_seeded(lambda: Qwen3MoeForCausalLM(config)), directory)
    return directory


def save_qwen2_5_vl(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen2.5-VL checkpoint with its image processor; images take 1 to 16 tokens."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    _with_tokens(tokenizer, directory, {}, special=True, template=_VISION_TEMPLATE)
    config = Qwen2_5_VLConfig(
        text_config=_text(rope_parameters={"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]}),
        vision_config={
            "depth": 2,
            "hidden_size": HIDDEN,
            "intermediate_size": 2 * HIDDEN,
            "num_heads": 4,
            "out_hidden_size": HIDDEN,
            "fullatt_block_indexes": [1],
            "initializer_range": 0.3,
        },
        **_VISION_TOKENS,
    )
    _save(_seeded(lambda: Qwen2_5_VLForConditionalGeneration(config)), directory)
    _save_image_processor(directory, patch=14)
    return directory


def save_qwen2_vl(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen2-VL checkpoint with its image processor; images take 1 to 16 tokens."""
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

    _with_tokens(tokenizer, directory, {}, special=True, template=_VISION_TEMPLATE)
    config = Qwen2VLConfig(
        text_config=_text(rope_parameters={"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]}),
        vision_config={
            "depth": 2,
            "embed_dim": HIDDEN,
            "hidden_size": HIDDEN,
            "mlp_ratio": 2,
            "num_heads": 4,
            "initializer_range": 0.3,
        },
        **_VISION_TOKENS,
    )
    _save(_seeded(lambda: Qwen2VLForConditionalGeneration(config)), directory)
    _save_image_processor(directory, patch=14)
    return directory


def save_qwen3_vl(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen3-VL checkpoint, whose tower also feeds the first layers; images take 1 to 16 tokens."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    _with_tokens(tokenizer, directory, {}, special=True, template=_VISION_TEMPLATE)
    config = Qwen3VLConfig(
        text_config=_text(head_dim=16, rope_parameters=_INTERLEAVED), vision_config=_DEEP_TOWER, **_VISION_TOKENS
    )
    _save(_seeded(lambda: Qwen3VLForConditionalGeneration(config)), directory)
    _save_image_processor(directory, patch=16)
    return directory


def save_qwen3_vl_moe(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen3-VL-MoE checkpoint: four experts, two a token; images take 1 to 16 tokens."""
    from transformers import Qwen3VLMoeConfig, Qwen3VLMoeForConditionalGeneration

    _with_tokens(tokenizer, directory, {}, special=True, template=_VISION_TEMPLATE)
    experts = {"moe_intermediate_size": HIDDEN, "num_experts": 4, "num_experts_per_tok": 2, "decoder_sparse_step": 1}
    config = Qwen3VLMoeConfig(
        text_config=_text(head_dim=16, rope_parameters=_INTERLEAVED, **experts),
        vision_config=_DEEP_TOWER,
        **_VISION_TOKENS,
    )
    _save(_seeded(lambda: Qwen3VLMoeForConditionalGeneration(config)), directory)
    _save_image_processor(directory, patch=16)
    return directory


def save_qwen3_5(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen3.5 checkpoint: linear attention beside full attention; images take 1 to 16 tokens."""
    from transformers import Qwen3_5Config, Qwen3_5ForConditionalGeneration

    _with_tokens(tokenizer, directory, {}, special=True, template=_VISION_TEMPLATE)
    linear = {f"linear_{kind}": 16 for kind in ("key_head_dim", "value_head_dim")}
    linear |= {f"linear_num_{kind}_heads": 2 for kind in ("key", "value")}
    tower = {key: value for key, value in _DEEP_TOWER.items() if key != "deepstack_visual_indexes"}
    config = Qwen3_5Config(
        text_config=_text(
            head_dim=16,
            layer_types=["linear_attention", "full_attention"],
            rope_parameters={**_INTERLEAVED, "partial_rotary_factor": 1.0},
            **linear,
        ),
        vision_config=tower,
        **_VISION_TOKENS,
    )
    _save(_seeded(lambda: Qwen3_5ForConditionalGeneration(config)), directory)
    _save_image_processor(directory, patch=16)
    return directory


def _save_image_processor(directory: Path, *, patch: int) -> None:
    token = (2 * patch) ** 2
    processor = {
        "image_processor_type": "Qwen2VLImageProcessor",
        "size": {"shortest_edge": token, "longest_edge": 16 * token},
        "patch_size": patch,
        "temporal_patch_size": 2,
        "merge_size": 2,
    }
    (directory / "preprocessor_config.json").write_text(json.dumps(processor, indent=2), encoding="utf-8")


def save_qwen2_audio(tokenizer: Path, directory: Path) -> Path:
    """Write a Qwen2-Audio checkpoint with its feature extractor; sounds last at most `AUDIO_SECONDS`.

    It has no chat template, like the published one at the time: the processor's own serves.
    """
    from transformers import Qwen2AudioConfig, Qwen2AudioForConditionalGeneration, WhisperFeatureExtractor

    _with_tokens(tokenizer, directory, _AUDIO, special=True)
    (directory / "chat_template.jinja").unlink()
    config = Qwen2AudioConfig(
        text_config={"model_type": "qwen2", **_text(tie_word_embeddings=False)},
        audio_config={
            "model_type": "qwen2_audio_encoder",
            "num_mel_bins": 16,
            "d_model": HIDDEN,
            "encoder_layers": 2,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 2 * HIDDEN,
            # 100 frames a second, halved by the second convolution.
            "max_source_positions": 50 * AUDIO_SECONDS,
        },
        audio_token_index=151646,
    )
    _save(_seeded(lambda: Qwen2AudioForConditionalGeneration(config)), directory)
    WhisperFeatureExtractor(feature_size=16, chunk_length=AUDIO_SECONDS).save_pretrained(str(directory))
    return directory
