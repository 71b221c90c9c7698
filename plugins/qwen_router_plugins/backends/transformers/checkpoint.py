"""Model files to a network, its vocabulary, its template and its senses."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers

from qwen_router.backend import ModelFiles
from qwen_router.catalog import Model
from qwen_router.choice import Candidate
from qwen_router.errors import BackendUnavailable, OutOfMemory, WeightsError
from qwen_router_plugins.backends.chat_template import ChatTemplate
from qwen_router_plugins.backends.transformers.adapter import attach_adapter
from qwen_router_plugins.backends.transformers.faults import SMALLER, first_line, is_out_of_memory
from qwen_router_plugins.backends.transformers.gguf_reading import one_gguf_reader
from qwen_router_plugins.backends.transformers.prompt import IMAGE_TOKEN, PromptBuilder
from qwen_router_plugins.backends.transformers.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

QUANTIZED = ("int8", "nf4")
"""What bitsandbytes makes."""
_KERNEL_ROWS, _SCALED_TOGETHER = 32, 64
_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model.

    Attributes:
        context: Most tokens of prompt and answer together.
        image_token: Id that stands for an image's embeddings; `None` where the model sees none.
        width: Width of the logits.
    """

    network: PreTrainedModel
    prompts: PromptBuilder
    context: int
    image_token: int | None
    width: int


def load_checkpoint(candidate: Candidate, model: Model, files: ModelFiles) -> Checkpoint:
    """Load what `files` hold at the candidate's precision, on its device, with its adapter where it has one.

    Code in a checkpoint is never run.

    Raises:
        OutOfMemory: The weights don't fit.
        BackendUnavailable: bitsandbytes or another package is missing.
        WeightsError: Files are missing, damaged or don't match their configuration.
    """
    path = Path(files.path)
    if not path.exists():
        raise WeightsError(f"{model.name} has no files at {path}.", f"Run `qwen-router pull {model.name}`.")
    with quiet(), _named_faults(model, path), _reading(files.format):
        source, options = _source(path)
        _check_type(model, path, transformers.AutoConfig.from_pretrained(source, **options).model_type)
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **options)
        network = _network(candidate, model, source, options)
        template = _template(tokenizer, path)
        vocabulary = Vocabulary(tokenizer)
        senses = {} if files.format == "gguf" else _senses(model, path)
    if candidate.adapter:
        attach_adapter(network, Path(candidate.adapter), model.name)
    text_config = network.config.get_text_config()
    prompts = PromptBuilder(
        name=model.name, template=ChatTemplate(template, vocabulary.specials), vocabulary=vocabulary, **senses
    )
    return Checkpoint(
        network=network,
        prompts=prompts,
        context=min(candidate.context, int(text_config.max_position_embeddings)),
        image_token=vocabulary.specials.get(IMAGE_TOKEN) if "image" in model.modalities else None,
        width=int(text_config.vocab_size),
    )


def _source(path: Path) -> tuple[str, dict[str, Any]]:
    """Return what `from_pretrained` wants: a directory, and the GGUF file in it where there is one."""
    common: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    return (str(path.parent), {"gguf_file": path.name, **common}) if path.is_file() else (str(path), common)


def _check_type(model: Model, path: Path, found: str) -> None:
    """Refuse another model than the catalogue's, before its gigabytes are read."""
    if found != model.model_type:
        raise WeightsError(
            f"{path} holds a model of the type {found!r}; the catalogue says {model.model_type!r} for {model.name}.",
            "Put the right files there, or mend the model's row in [catalogue].",
        )


def _network(candidate: Candidate, model: Model, source: str, options: dict[str, Any]) -> PreTrainedModel:
    device = candidate.offer.device
    network, report = _loader(model)(
        source,
        **options,
        dtype=_DTYPES.get(candidate.precision, torch.bfloat16),
        attn_implementation="sdpa",
        use_safetensors=True,
        quantization_config=_quantization(candidate),
        # bitsandbytes refuses to be told of the CPU; without a map it goes there by itself.
        device_map=None if device == "cpu" else device,
        output_loading_info=True,
    )
    if missing := sorted(report["missing_keys"]):
        raise ValueError(f"{len(missing)} tensors are missing, such as {missing[0]}")
    # What a call leaves unset is neutral: the checkpoint's own defaults would change it behind the caller's back.
    network.generation_config = transformers.GenerationConfig()
    loaded: PreTrainedModel = network.eval()
    if candidate.precision in QUANTIZED and device == "cpu":
        _let_go_of_files(loaded)
        pack(loaded)
    return loaded


def _let_go_of_files(network: PreTrainedModel) -> None:
    """Copy what is not quantized out of the mapped files: one such tensor keeps all that was read of them in memory."""
    for parameter in network.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.clone()


def pack(network: PreTrainedModel) -> None:
    """Let bitsandbytes put NF4 weights in the order of its CPU kernel now: at the first answer it would take more.

    The kernel, for CPUs with AVX512-BF16, fails on matrices that are no multiple of its blocks, such as those of
    Qwen2.5-VL's tower: bitsandbytes 0.50, `_convert_weight_packed_for_cpu`. They keep to the general way.
    """
    from bitsandbytes.nn.modules import Linear4bit

    with torch.inference_mode():
        for module in network.modules():
            if isinstance(module, Linear4bit):
                if module.out_features % _KERNEL_ROWS or module.in_features % _SCALED_TOGETHER:
                    module.support_avx512bf16_for_cpu = False
                module(torch.zeros(1, module.in_features, dtype=torch.bfloat16))


def _quantization(candidate: Candidate) -> Any:
    """Return the settings of LLM.int8(), arXiv:2208.07339, or of NF4 with double quantization, arXiv:2305.14314."""
    if candidate.offer.format == "gguf":
        return transformers.GgufConfig(dequantize=True)
    if candidate.precision not in QUANTIZED:
        return None
    # It warns of every matrix product on a CPU.
    if (log := logging.getLogger("bitsandbytes")).level == logging.NOTSET:
        log.setLevel(logging.ERROR)
    if candidate.precision == "int8":
        return transformers.BitsAndBytesConfig(load_in_8bit=True)
    return transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _loader(model: Model) -> Callable[..., Any]:
    if model.architecture.endswith("ForCausalLM"):
        return transformers.AutoModelForCausalLM.from_pretrained
    if "image" in model.modalities:
        return transformers.AutoModelForImageTextToText.from_pretrained
    return transformers.Qwen2AudioForConditionalGeneration.from_pretrained


def _template(tokenizer: PreTrainedTokenizerBase, path: Path) -> str:
    """Return the Jinja source, from wherever the family's repositories keep it."""
    if isinstance(tokenizer.chat_template, str):
        return tokenizer.chat_template
    # Processors had a file of their own before transformers 4.52.
    older = path / "chat_template.json"
    if path.is_dir() and older.is_file():
        return str(json.loads(older.read_text(encoding="utf-8"))["chat_template"])
    if path.is_dir() and json.loads((path / "config.json").read_text(encoding="utf-8"))["model_type"] == "qwen2_audio":
        # The published checkpoint has none: its processor class carries it.
        template: Any = transformers.Qwen2AudioProcessor.default_chat_template
        return str(template.fget(None))
    raise ValueError("there is no chat template; only instruct models can answer")


def _senses(model: Model, path: Path) -> dict[str, Any]:
    if "image" in model.modalities:
        # The class that needs no torchvision.
        from transformers import Qwen2VLImageProcessorPil

        return {"image_processor": Qwen2VLImageProcessorPil.from_pretrained(str(path), local_files_only=True)}
    if "audio" in model.modalities:
        return {
            "feature_extractor": transformers.WhisperFeatureExtractor.from_pretrained(str(path), local_files_only=True)
        }
    return {}


def _reading(form: str) -> contextlib.AbstractContextManager[None]:
    return one_gguf_reader() if form == "gguf" else contextlib.nullcontext()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep progress bars and notes off the screen while loading, then restore what the host program had set."""
    log = transformers.logging
    verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        if bars:
            log.enable_progress_bar()


@contextlib.contextmanager
def _named_faults(model: Model, path: Path) -> Iterator[None]:
    try:
        yield
    except (OutOfMemory, WeightsError):
        raise
    except ImportError as error:
        raise BackendUnavailable(
            f"Loading {model.name} needs a package that is missing: {first_line(error)}.", "Install it with pip."
        ) from error
    # Readers of damaged files raise whatever the damage leads to.
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemory(f"{model.name} doesn't fit into memory.", SMALLER) from error
        raise WeightsError(
            f"Can't load {model.name} from {path}: {first_line(error)}.",
            f"Fetch it again with `qwen-router pull {model.name}`.",
        ) from error
