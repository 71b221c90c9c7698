"""Puts a LoRA adapter beside a loaded network's weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file

from qwen_router.adapters import WEIGHTS
from qwen_router.errors import BackendUnavailable, OutOfMemory, WeightsError
from qwen_router_plugins.backends.transformers.faults import SMALLER, first_line, is_out_of_memory

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_PREFIX = "base_model.model."
"""Of every name in a file that `peft` saved; the network that it wraps has none."""
_FIX = "Train it anew with `qwen-router adapt`, or remove it from [specialists]."


def attach_adapter(network: PreTrainedModel, path: Path, name: str) -> None:
    """Add the adapter in `path` to the network, unmerged: the weights of the base stay as they are.

    Args:
        name: The base model's, for messages.

    Raises:
        WeightsError: A tensor is missing, is one too many or has another shape than the base wants, or a file is
            damaged.
        BackendUnavailable: peft is missing.
        OutOfMemory: It doesn't fit.
    """
    try:
        import peft
    except ImportError as error:
        raise BackendUnavailable(
            f"Loading the adapter {path} needs peft, which is missing.", "Run `pip install 'qwen-router[adapt]'`."
        ) from error
    try:
        tensors = {key.removeprefix(_PREFIX): value for key, value in load_file(path / WEIGHTS).items()}
        config = peft.PeftConfig.from_pretrained(str(path))
        config.inference_mode = True
        peft.inject_adapter_in_model(config, network)
        wanted = peft.get_peft_model_state_dict(network, save_embedding_layers=False)
        _check(path, name, tensors, wanted)
        peft.set_peft_model_state_dict(network, tensors)
        network.eval()
    except WeightsError:
        raise
    # A damaged configuration makes peft raise whatever the damage leads to.
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemory(f"The adapter {path} doesn't fit into memory.", SMALLER) from error
        what = "its file is damaged: " if isinstance(error, SafetensorError) else ""
        raise WeightsError(f"Can't load the adapter {path} beside {name}: {what}{first_line(error)}.", _FIX) from error


def _check(path: Path, name: str, tensors: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> None:
    """Refuse what peft would leave at random values, or pass over, with a warning at most."""
    if missing := sorted(wanted.keys() - tensors.keys()):
        _refuse(path, f"lacks {_count(missing)} that {name} needs, such as {missing[0]}")
    if left := sorted(tensors.keys() - wanted.keys()):
        _refuse(path, f"holds {_count(left)} that {name} has no place for, such as {left[0]}")
    for key in sorted(wanted):
        if (found := tuple(tensors[key].shape)) != (shape := tuple(wanted[key].shape)):
            _refuse(path, f"was trained for another model than {name}: {key} is {found}, not {shape}")


def _count(names: list[str]) -> str:
    return f"{len(names)} tensor{'s' if len(names) > 1 else ''}"


def _refuse(path: Path, why: str) -> None:
    raise WeightsError(f"The adapter {path} {why}.", _FIX)
