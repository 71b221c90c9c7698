"""The backend that runs GGUF files in this process."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from langchain_core.language_models import BaseChatModel

from qwen_router.backend import Backend, ModelFiles
from qwen_router.catalog import Model
from qwen_router.choice import Candidate, MemoryEstimate, Offer
from qwen_router.config import Settings
from qwen_router.errors import BackendError, BackendUnavailable, OutOfMemory, WeightsError
from qwen_router.resources import Resources, usable_cores
from qwen_router_plugins.backends.heap import eager_heap
from qwen_router_plugins.backends.llama_cpp.memory import predict_memory
from qwen_router_plugins.backends.packages import is_installed

if TYPE_CHECKING:
    from qwen_router_plugins.backends.llama_cpp.loaded import LoadedGguf


_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "repetition_penalty")


class LlamaCppBackend(Backend):
    """Runs the official GGUF files of text models with llama.cpp."""

    name: ClassVar[str] = "llama_cpp"

    def missing(self, settings: Settings) -> str | None:
        """Say that it is switched off or not installed."""
        if not settings.backends.llama_cpp.enabled:
            return "llama_cpp is switched off: set `enabled = true` in [backends.llama_cpp]."
        if not is_installed("xllamacpp"):
            return "llama.cpp is not installed: run `pip install 'qwen-router[llama-cpp]'`."
        return None

    def offers(self, model: Model, settings: Settings, resources: Resources) -> Sequence[Offer]:
        """Return one offer for each GGUF file; models that see or hear are left to backends that can."""
        if not model.gguf or model.modalities != ("text",):
            return ()
        device = _device_of(resources) if settings.backends.llama_cpp.gpu_layers else "cpu"
        return _offers(tuple([file.precision for file in model.gguf]), device)

    def sequences(self, settings: Settings) -> int:
        """Return the slots: llama.cpp allocates the cache of each when it loads."""
        return settings.backends.llama_cpp.parallel

    def memory(self, model: Model, offer: Offer, context: int, settings: Settings) -> MemoryEstimate:
        """Predict file, cache and buffers of all slots."""
        return predict_memory(model, offer, min(context, model.context), self.sequences(settings))

    def tool_fault(self, model: Model) -> str | None:
        """Say that calls in tags aren't read; those in JSON are."""
        return None if model.writes_calls_as_json else f"{self.name} doesn't read the calls that it writes."

    def load(self, candidate: Candidate, model: Model, files: ModelFiles, settings: Settings) -> BaseChatModel:
        """Load a GGUF file. Unset sampling keywords take the model's documented values."""
        if reason := self.missing(settings):
            raise BackendUnavailable(reason)
        from qwen_router_plugins.backends.llama_cpp.chat import ChatLlamaCpp

        defaults = {name: value for name, value in model.sampling if value is not None and name in _SAMPLING}
        return ChatLlamaCpp(loaded=_load(candidate, model, files, settings), model=model.id, **defaults)


@functools.cache
def _offers(quants: tuple[str, ...], device: str) -> tuple[Offer, ...]:
    """Return an offer for each quantization; asked for at every request."""
    return tuple(Offer(precision=quant, format="gguf", quant=quant, device=device) for quant in quants)


def _load(candidate: Candidate, model: Model, files: ModelFiles, settings: Settings) -> LoadedGguf:
    from qwen_router_plugins.backends.llama_cpp.loaded import LoadedGguf

    options = settings.backends.llama_cpp
    context = min(candidate.context, model.context)
    try:
        with eager_heap():
            return LoadedGguf(
                files.path,
                model.model_type,
                context=context,
                parallel=options.parallel,
                threads=options.threads or usable_cores(),
                gpu_layers=options.gpu_layers,
                accelerated=candidate.offer.device != "cpu",
            )
    except BackendError as error:
        # llama.cpp only says that it failed: a sound file fails for want of memory, or because it is too new.
        import psutil

        needed = candidate.memory_bytes
        free = psutil.virtual_memory().available
        if needed > free:
            raise OutOfMemory(
                f"{model.id} needs {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free.",
                "Close other programs, lower `context` in [sizing] or choose a smaller model.",
            ) from error
        raise WeightsError(
            f"llama.cpp can't load {files.path}.",
            "Update it with `pip install -U xllamacpp`, or fetch the model again with `qwen-router pull`.",
        ) from error


def _device_of(resources: Resources) -> str:
    """Return where layers go on a machine. The usual package has Metal on a Mac, and no CUDA elsewhere."""
    kinds = {device.kind for device in resources.devices}
    if "mps" in kinds:
        return "mps"
    return _device() if kinds else "cpu"


@functools.cache
def _device() -> str:
    """Ask llama.cpp what its package can use here."""
    if not is_installed("xllamacpp"):
        return "cpu"
    import xllamacpp

    kinds = xllamacpp.ggml_backend_dev_type
    gpus = (kinds.GGML_BACKEND_DEVICE_TYPE_GPU, kinds.GGML_BACKEND_DEVICE_TYPE_IGPU)
    names = [device["name"] for device in xllamacpp.get_device_info() if device["type"] in gpus]
    return "cuda" if names else "cpu"
