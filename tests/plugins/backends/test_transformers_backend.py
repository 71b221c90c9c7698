from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures_checkpoints import MODELS, TinyLoader, candidate, settings

from qwen_router.backend import ModelFiles
from qwen_router.catalog import load_catalogue
from qwen_router.errors import BackendError, BackendUnavailable, OutOfMemory, WeightsError
from qwen_router.resources import Device, Resources
from qwen_router_plugins.backends.transformers import TransformersBackend

BACKEND = TransformersBackend()
CPU = Resources(ram_total=8, ram_free=8, cores=2, disk_free=8)
GPU = CPU.model_copy(update={"devices": (Device(kind="cuda", name="GPU", total=9, free=9),)})
MAC = CPU.model_copy(update={"devices": (Device(kind="mps", name="GPU", total=9, free=9),)})
EVERYTHING = ("fp32", "fp16", "bf16", "int8", "nf4")


def offered(model: str, resources: Resources, **options: Any) -> list[tuple[str, str, str, str]]:
    offers = BACKEND.offers(load_catalogue().find(model), settings(device="auto", **options), resources)
    return [(o.precision, o.format, o.quant, o.device) for o in offers]


def load(path: Path, architecture: str = "qwen2", precision: str = "fp32", form: str = "safetensors") -> Any:
    model = load_catalogue().find(MODELS[architecture])
    files = ModelFiles.model_validate({"path": path, "format": form, "source": "local"})
    return BACKEND.load(candidate(model, precision, form=form), model, files, settings())


def test_importing_the_backend_imports_no_torch():
    code = "import sys, qwen_router_plugins.backends.transformers; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_offers_follow_the_settings_and_the_device():
    assert offered("Qwen2.5-7B-Instruct", CPU, precisions=EVERYTHING) == [
        (p, "safetensors", "", "cpu") for p in ("fp32", "bf16", "int8", "nf4")
    ]
    assert ("fp16", "safetensors", "", "cuda") in offered("Qwen2.5-7B-Instruct", GPU, precisions=EVERYTHING)
    assert {p for p, *_ in offered("Qwen2.5-7B-Instruct", MAC, precisions=EVERYTHING)} == {"fp32", "fp16", "bf16"}
    assert [p for p, *_ in offered("Qwen2.5-7B-Instruct", CPU, precisions=("nf4",))] == ["nf4"]


def test_a_model_with_a_gguf_file_is_offered_unpacked():
    gguf = [o for o in offered("Qwen2.5-Coder-1.5B-Instruct", CPU) if o[1] == "gguf"]
    assert gguf == [("bf16", "gguf", "q8_0", "cpu"), ("bf16", "gguf", "q4_k_m", "cpu")]


def test_what_it_cannot_run_is_not_offered():
    assert offered("Qwen2.5-Omni-7B", GPU) == []
    assert offered("Qwen2.5-7B-Instruct", CPU, enabled=False) == []


def test_missing_says_what_and_how_to_mend_it(monkeypatch: pytest.MonkeyPatch):
    assert BACKEND.missing(settings()) is None
    assert "enabled = true" in (BACKEND.missing(settings(enabled=False)) or "")
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert 'device = "auto"' in (BACKEND.missing(settings(device="cuda")) or "")
    monkeypatch.setattr("qwen_router_plugins.backends.transformers.backend.is_installed", lambda package: False)
    assert "pip install torch" in (BACKEND.missing(settings()) or "")


@pytest.mark.parametrize("precision", ["fp32", "int8", "nf4"])
@pytest.mark.parametrize("architecture", MODELS)
def test_every_architecture_answers_at_every_precision(load_tiny: TinyLoader, architecture: str, precision: str):
    answer = load_tiny(architecture, precision=precision).invoke("Hello", max_tokens=5)
    assert answer.usage_metadata["output_tokens"] == 5
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.content.strip()


@pytest.mark.parametrize(("precision", "bits"), [("int8", 8), ("nf4", 4)])
def test_quantized_layers_take_less_memory(load_tiny: TinyLoader, precision: str, bits: int):
    def layers(chat: Any) -> int:
        network = chat.engine.checkpoint.network
        assert network.config._attn_implementation == "sdpa"
        return sum(p.nbytes for name, p in network.named_parameters() if name.endswith("proj.weight"))

    whole, packed = layers(load_tiny("qwen2", precision="fp32")), layers(load_tiny("qwen2", precision=precision))
    assert packed == whole * bits // 32


@pytest.mark.parametrize(("inputs", "outputs"), [(128, 64), (128, 20), (96, 64)])
def test_nf4_layers_of_any_shape_compute(inputs: int, outputs: int):
    """The kernel for CPUs with AVX512-BF16 takes whole blocks only; the tower of Qwen2.5-VL has others."""
    import torch
    from bitsandbytes.nn import Linear4bit

    from qwen_router_plugins.backends.transformers.checkpoint import pack

    whole = torch.nn.Linear(inputs, outputs, bias=False, dtype=torch.bfloat16)
    layer = Linear4bit(inputs, outputs, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4")
    layer.load_state_dict(whole.state_dict())
    pack(torch.nn.Sequential(layer.eval().to("cpu").requires_grad_(False)))
    given = torch.ones(3, inputs, dtype=torch.bfloat16)
    with torch.inference_mode():
        torch.testing.assert_close(layer(given), whole(given), atol=0.2, rtol=0.1)


@pytest.mark.parametrize("precision", ["bf16", "int8", "nf4"])
def test_nothing_reaches_the_screen(
    tiny_checkpoint: Callable[[str], Path], capfd: pytest.CaptureFixture[str], precision: str
):
    import transformers

    before = transformers.logging.get_verbosity(), transformers.logging.is_progress_bar_enabled()
    chat = load(tiny_checkpoint("qwen2"), precision=precision)
    chat.invoke("Hello", max_tokens=2)
    BACKEND.unload(chat)
    assert capfd.readouterr() == ("", "")
    # The program's own settings are as they were.
    assert (transformers.logging.get_verbosity(), transformers.logging.is_progress_bar_enabled()) == before


def test_closing_frees_the_network_and_ends_later_calls(tiny_checkpoint: Callable[[str], Path]):
    chat = load(tiny_checkpoint("qwen2"))
    chat.invoke("Hello", max_tokens=2)
    network = weakref.ref(chat.engine.checkpoint.network)
    BACKEND.unload(chat)
    gc.collect()
    assert network() is None
    with pytest.raises(BackendError, match="has been unloaded"):
        chat.invoke("Hello")
    BACKEND.unload(chat)


def damage(directory: Path, how: str) -> None:
    weights = directory / "model.safetensors"
    if how == "header":
        weights.write_bytes(b"\xff" * 64 + weights.read_bytes()[64:])
    elif how == "cut":
        weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    elif how == "shard":
        from safetensors.torch import load_file, save_file

        tensors = list(load_file(weights).items())
        shards = {"model-00001-of-00002.safetensors": tensors[::2], "model-00002-of-00002.safetensors": tensors[1::2]}
        for name, held in shards.items():
            save_file(dict(held), directory / name, metadata={"format": "pt"})
        index = {"metadata": {}, "weight_map": {key: name for name, held in shards.items() for key, _ in held}}
        (directory / "model.safetensors.index.json").write_text(json.dumps(index))
        weights.unlink()
        last = directory / "model-00002-of-00002.safetensors"
        last.write_bytes(last.read_bytes()[:-100])
    elif how == "pickle":
        weights.rename(directory / "pytorch_model.bin")
    elif how == "template":
        (directory / "chat_template.jinja").unlink()
    elif how == "tensors":
        from safetensors.torch import load_file, save_file

        tensors = load_file(weights)
        del tensors["model.layers.1.mlp.up_proj.weight"]
        save_file(tensors, weights, metadata={"format": "pt"})
    elif how == "config":
        (directory / "config.json").write_text("{")
    elif how == "code":
        config = json.loads((directory / "config.json").read_text())
        config |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.C", "AutoModelForCausalLM": "mine.M"}}
        (directory / "config.json").write_text(json.dumps(config))
        (directory / "mine.py").write_text("raise SystemExit('code of the checkpoint ran')")
    else:
        (directory / how).unlink()


@pytest.mark.parametrize(
    "how",
    [
        "header",
        "cut",
        "shard",
        "pickle",
        "template",
        "tensors",
        "config",
        "code",
        "model.safetensors",
        "tokenizer.json",
    ],
)
def test_bad_files_are_named_with_the_fix(tiny_checkpoint: Callable[[str], Path], tmp_path: Path, how: str):
    directory = tmp_path / "model"
    shutil.copytree(tiny_checkpoint("qwen2"), directory)
    damage(directory, how)
    with pytest.raises(WeightsError, match="Can't load") as error:
        load(directory)
    assert str(directory) in error.value.what
    assert error.value.fix == "Fetch it again with `qwen-router pull Qwen2.5-0.5B-Instruct`."
    assert "\n" not in str(error.value)


def test_another_model_than_the_catalogues_is_refused(tiny_checkpoint: Callable[[str], Path]):
    with pytest.raises(
        WeightsError, match=r"of the type 'qwen2'; the catalogue says 'qwen3' for Qwen3-0\.6B\. Put the"
    ):
        load(tiny_checkpoint("qwen2"), "qwen3")


def test_missing_files_and_a_cut_gguf_are_named(tmp_path: Path):
    with pytest.raises(WeightsError, match="has no files at"):
        load(tmp_path / "nothing")
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\x03\0\0\0")
    with pytest.raises(WeightsError, match="Can't load"):
        load(tmp_path / "cut.gguf", precision="bf16", form="gguf")


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (MemoryError(), OutOfMemory),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"), OutOfMemory),
        (ImportError("no bitsandbytes"), BackendUnavailable),
    ],
)
def test_faults_of_loading_get_their_own_error(
    tiny_checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, raised: Exception, expected: type
):
    import transformers

    def fail(*args: Any, **options: Any) -> None:
        raise raised

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", fail)
    with pytest.raises(expected):
        load(tiny_checkpoint("qwen2"))


def test_a_mixture_of_experts_is_not_offered_quantized():
    found = BACKEND.offers(load_catalogue()["Qwen/Qwen3-30B-A3B"], settings(device="auto"), CPU)
    assert {offer.precision for offer in found} == {"bf16"}
