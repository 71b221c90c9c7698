"""Adapters beside loaded weights."""

import gc
import json
import weakref
from pathlib import Path

import pytest
from fixtures_checkpoints import MODELS, candidate, settings

from qwen_router.backend import ModelFiles
from qwen_router.catalog import load_catalogue
from qwen_router.errors import WeightsError
from qwen_router_plugins.backends.transformers import TransformersBackend

peft = pytest.importorskip("peft", reason="the package peft, which loads adapters, is not installed")
BACKEND = TransformersBackend()


@pytest.fixture(scope="module")
def adapter(tiny_checkpoint, tmp_path_factory):
    """A LoRA adapter of random numbers for the tiny Qwen2 checkpoint."""
    import torch
    from transformers import AutoModelForCausalLM

    directory = tmp_path_factory.mktemp("adapter")
    config = peft.LoraConfig(
        r=4, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM", init_lora_weights=False
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = AutoModelForCausalLM.from_pretrained(str(tiny_checkpoint("qwen2")))
        # It stores the names of transformers' own functions, some of which are on their way out.
        with pytest.warns(FutureWarning, match="is_gradient_checkpointing"):
            wrapped = peft.get_peft_model(network, config)
    wrapped.save_pretrained(str(directory), save_embedding_layers=False)
    return directory


def changed(adapter, directory, change=None, **config):
    """Copy an adapter, with its tensors or its configuration changed."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(adapter / "adapter_model.safetensors")
    if change is not None:
        change(tensors)
    directory.mkdir(exist_ok=True)
    save_file(tensors, directory / "adapter_model.safetensors")
    known = json.loads((adapter / "adapter_config.json").read_text())
    (directory / "adapter_config.json").write_text(json.dumps(known | config))
    return directory


def load(path, adapter=None, precision="fp32"):
    model = load_catalogue().find(MODELS["qwen2"])
    wanted = candidate(model, precision).model_copy(update={"adapter": "" if adapter is None else str(adapter)})
    files = ModelFiles(path=Path(path), format="safetensors", source="local")
    return BACKEND.load(wanted, model, files, settings())


def say(chat):
    try:
        return chat.invoke("Hello", max_tokens=8).content
    finally:
        chat.close()


@pytest.mark.parametrize("precision", ["bf16", "int8", "nf4"])
def test_an_adapter_changes_the_answers_at_every_precision(tiny_checkpoint, adapter, precision):
    path = tiny_checkpoint("qwen2")
    assert say(load(path, adapter, precision)) != say(load(path, precision=precision))


def test_it_lies_beside_the_base_and_closing_frees_both(tiny_checkpoint, adapter):
    import torch

    chat, plain = load(tiny_checkpoint("qwen2"), adapter), load(tiny_checkpoint("qwen2"))
    layer = chat.engine.checkpoint.network.model.layers[0].self_attn.q_proj
    own = plain.engine.checkpoint.network.model.layers[0].self_attn.q_proj
    assert torch.equal(layer.base_layer.weight, own.weight)
    held = weakref.ref(layer)
    del layer, own
    chat.close()
    plain.close()
    gc.collect()
    assert held() is None


def lacking(tensors):
    for name in sorted(tensors)[:3]:
        del tensors[name]


def widened(tensors):
    name = max(tensors)
    tensors[name] = tensors[name].repeat(2, 1)


@pytest.mark.parametrize(
    ("change", "config", "message"),
    [
        (lacking, {}, r"lacks 3 tensors that .* needs, such as model\.layers\.0\.mlp\.down_proj\.lora_A\.weight"),
        (None, {"target_modules": ["q_proj"]}, r"holds 8 tensors that .* has no place for, such as model\.layers\.0"),
        (widened, {}, r"was trained for another model than .*v_proj\.lora_B\.weight is \(64, 4\), not \(32, 4\)"),
        (None, {"target_modules": ["c_attn"]}, r"Can't load the adapter .* Target modules"),
    ],
)
def test_what_does_not_fit_the_base_is_refused_by_name(tiny_checkpoint, adapter, tmp_path, change, config, message):
    with pytest.raises(WeightsError, match=message) as caught:
        load(tiny_checkpoint("qwen2"), changed(adapter, tmp_path / "bad", change, **config))
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_named(tiny_checkpoint, adapter, tmp_path):
    bad = changed(adapter, tmp_path / "bad")
    (bad / "adapter_model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(WeightsError, match=r"its file is damaged"):
        load(tiny_checkpoint("qwen2"), bad)


def test_only_safetensors_take_one(monkeypatch):
    assert BACKEND.adapter_fault("safetensors") is None
    assert BACKEND.adapter_fault("gguf") == "An adapter is set, and it needs safetensors, not gguf."
    monkeypatch.setattr("qwen_router_plugins.backends.transformers.backend.is_installed", lambda name: False)
    assert "pip install 'qwen-router[adapt]'" in BACKEND.adapter_fault("safetensors")
