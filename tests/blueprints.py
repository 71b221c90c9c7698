"""Networks of catalogue rows without their numbers, and the bytes that bitsandbytes makes of them."""

from __future__ import annotations

from typing import Any

from qwen_router.catalog import Model

_VISION = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16}


def blueprint(model: Model) -> Any:
    """Return the network on torch's meta device, made of the row's own figures."""
    import torch
    import transformers

    text: dict[str, Any] = {
        "vocab_size": model.vocab_size,
        "hidden_size": model.hidden_size,
        "intermediate_size": model.intermediate_size or model.hidden_size,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.kv_heads,
        "head_dim": model.head_dim,
        "tie_word_embeddings": model.tied_embeddings,
        "pad_token_id": None,
    }
    if model.experts:
        text["num_experts"] = model.experts
        text["num_experts_per_tok"] = model.experts_per_token
        text["moe_intermediate_size"] = model.moe_intermediate_size
    kind = model.architecture.removesuffix("ForCausalLM").removesuffix("ForConditionalGeneration")
    configure = getattr(transformers, f"{kind}Config")
    if kind == "Qwen2_5_VL":
        rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
        config = configure(
            text_config={**text, "rope_parameters": rope},
            vision_config={**_VISION, "out_hidden_size": model.hidden_size},
            tie_word_embeddings=model.tied_embeddings,
        )
    elif kind == "Qwen2Audio":
        config = configure(text_config={"model_type": "qwen2", **text})
    else:
        config = configure(**text)
    with torch.device("meta"):
        return getattr(transformers, model.architecture)(config)


def loaded_bytes(network: Any, precision: str) -> float:
    """Count a network module by module, as transformers' own rules would have it quantized at `precision`."""
    import torch
    import transformers
    from bitsandbytes.nn import Linear4bit, Linear8bitLt
    from transformers.integrations import replace_with_bnb_linear
    from transformers.quantizers.base import HfQuantizer

    if precision in ("int8", "nf4"):
        config = transformers.BitsAndBytesConfig(
            load_in_8bit=precision == "int8",
            load_in_4bit=precision == "nf4",
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
        kept = HfQuantizer.get_modules_to_not_convert(network, None, network._keep_in_fp32_modules)
        network = replace_with_bnb_linear(network, modules_to_not_convert=kept, quantization_config=config)
    total = 0.0
    # A tied head is the embeddings' own parameter, which this counts once.
    quantized: set[int] = set()
    for module in network.modules():
        if isinstance(module, Linear4bit | Linear8bitLt):
            quantized.add(id(module.weight))
            weights = module.in_features * module.out_features
            if isinstance(module, Linear8bitLt):
                total += weights + 4 * module.out_features
            else:
                blocks = weights / 64
                total += weights / 2 + blocks + blocks / 256 * 4
    return total + sum(2 * p.numel() for p in network.parameters() if id(p) not in quantized)
