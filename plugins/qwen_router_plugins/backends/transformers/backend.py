"""The `transformers` backend: what it can run here, and the way to a loaded model."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from qwen_router.adapting.job import Job, Progress, Trained
from qwen_router.backend import Backend, ModelFiles
from qwen_router.catalog import Model
from qwen_router.choice import Candidate, Format, MemoryEstimate, Offer
from qwen_router.config import Settings
from qwen_router.resources import Resources
from qwen_router_plugins.backends.heap import eager_heap
from qwen_router_plugins.backends.packages import is_installed
from qwen_router_plugins.backends.transformers.memory import predict_memory

if TYPE_CHECKING:
    from qwen_router_plugins.backends.transformers.chat import ChatTransformers

_PACKAGES = ("torch", "transformers", "safetensors", "accelerate")
_TRAINING = ("peft", "trl", "datasets")
_DENSE = ("bf16", "fp16", "fp32")
_QUANTIZED = ("int8", "nf4")
# What the checkpoint loader and the prompt builder know how to feed.
_ARCHITECTURES = frozenset(
    {
        "Qwen2ForCausalLM",
        "Qwen2MoeForCausalLM",
        "Qwen3ForCausalLM",
        "Qwen3MoeForCausalLM",
        "Qwen3NextForCausalLM",
        "Qwen3_5MoeForCausalLM",
        "Qwen2VLForConditionalGeneration",
        "Qwen2_5_VLForConditionalGeneration",
        "Qwen3VLForConditionalGeneration",
        "Qwen3VLMoeForConditionalGeneration",
        "Qwen3_5ForConditionalGeneration",
        "Qwen3_5MoeForConditionalGeneration",
        "Qwen2AudioForConditionalGeneration",
    }
)
_GGUF_ARCHITECTURES = frozenset({"Qwen2ForCausalLM", "Qwen2MoeForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM"})


class TransformersBackend(Backend):
    """Runs safetensors, and GGUF files unpacked, on the CPU or an accelerator."""

    name: ClassVar[str] = "transformers"

    def missing(self, settings: Settings) -> str | None:
        """Say which package or device is missing."""
        if not settings.backends.transformers.enabled:
            return "The transformers backend is switched off: set backends.transformers.enabled = true."
        absent = [name for name in _PACKAGES if not is_installed(name)]
        if absent:
            return f"The transformers backend needs {' and '.join(absent)}: run `pip install {' '.join(absent)}`."
        return _missing_device(settings.backends.transformers.device)

    def offers(self, model: Model, settings: Settings, resources: Resources) -> Sequence[Offer]:
        """Return the allowed precisions that this machine's device computes, safetensors first."""
        if model.architecture not in _ARCHITECTURES or self.missing(settings):
            return ()
        section = settings.backends.transformers
        device = _device_of(resources) if section.device == "auto" else section.device
        files = tuple([(file.bytes, file.precision) for file in model.gguf])
        # bitsandbytes leaves the fused experts of a mixture in bf16: nothing is saved.
        mixture = model.active_parameters < model.parameters
        return _offers(model.architecture, files, section.precisions, device, mixture=mixture)

    def sequences(self, settings: Settings) -> int:
        """Return the most rows of a batch, which share the tokens of one context."""
        return settings.backends.transformers.max_batch

    def memory(self, model: Model, offer: Offer, context: int, settings: Settings) -> MemoryEstimate:
        """Predict the weights, and what a full batch takes while it is answered."""
        return predict_memory(model, offer, min(context, model.context), self.sequences(settings))

    def adapter_fault(self, form: Format) -> str | None:
        """Say that peft is missing, or that the files are of another format than the one adapters are trained on."""
        if not is_installed("peft"):
            return "An adapter is set, and peft is missing: run `pip install 'qwen-router[adapt]'`."
        return None if form == "safetensors" else f"An adapter is set, and it needs safetensors, not {form}."

    def training_fault(self) -> str | None:
        """Say which package is missing."""
        absent = [name for name in _TRAINING if not is_installed(name)]
        if absent:
            return f"Training needs {' and '.join(absent)}: run `pip install 'qwen-router[adapt]'`."
        return None

    def train(self, job: Job, settings: Settings, progress: Progress) -> Trained:
        """Train on the job's device, with trl."""
        from qwen_router_plugins.backends.transformers.training.train import train

        return train(job, settings, progress)

    def load(self, candidate: Candidate, model: Model, files: ModelFiles, settings: Settings) -> ChatTransformers:
        """Load a model. Loading alone can take seconds a gigabyte; nothing is fetched."""
        from qwen_router_plugins.backends.transformers.chat import ChatTransformers
        from qwen_router_plugins.backends.transformers.checkpoint import load_checkpoint
        from qwen_router_plugins.backends.transformers.engine import Engine

        with eager_heap():
            engine = Engine(load_checkpoint(candidate, model, files), settings)
        return ChatTransformers(engine=engine, model_name=model.id)


@functools.cache
def _offers(
    architecture: str, files: tuple[tuple[int, str], ...], allowed: Sequence[str], device: str, *, mixture: bool
) -> tuple[Offer, ...]:
    """Return the offers for a model with these GGUF files, as (bytes, quantization); asked for at every request."""
    dense = [p for p in allowed if p in _DENSE and not (p == "fp16" and device == "cpu")]
    found = [Offer(precision=precision, format="safetensors", device=device) for precision in dense]
    # bitsandbytes has no kernels for Apple's GPUs.
    if device != "mps" and not mixture and is_installed("bitsandbytes"):
        quantized = (precision for precision in allowed if precision in _QUANTIZED)
        found += [Offer(precision=precision, format="safetensors", device=device) for precision in quantized]
    if architecture in _GGUF_ARCHITECTURES and is_installed("gguf"):
        for precision in dense:
            for _, quant in sorted(files, key=lambda file: file[0], reverse=True):
                found.append(Offer(precision=precision, format="gguf", quant=quant, device=device))
    return tuple(found)


def _device_of(resources: Resources) -> str:
    accelerator = resources.accelerator
    return accelerator.kind if accelerator is not None and accelerator.kind in ("cuda", "mps") else "cpu"


def _missing_device(device: str) -> str | None:
    """Ask torch only when the operator insists on an accelerator: importing it takes seconds."""
    if device in ("auto", "cpu"):
        return None
    import torch

    there = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    return None if there else f'torch finds no {device} device here: set backends.transformers.device = "auto".'
