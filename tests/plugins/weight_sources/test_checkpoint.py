import json
from pathlib import Path

import pytest

from qwen_router.catalog import load_catalogue
from qwen_router_plugins.weight_sources.checkpoint import has_only_pickles, is_wanted, lacking

TEXT = load_catalogue()["Qwen/Qwen3-0.6B"]
VISION = load_catalogue()["Qwen/Qwen2.5-VL-3B-Instruct"]
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def write(directory: Path, *names: str) -> Path:
    for name in names:
        (directory / name).write_bytes(b"{}")
    return directory


def write_index(directory: Path, *shards: str) -> Path:
    weights = {f"layer.{number}": shard for number, shard in enumerate(shards)}
    (directory / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weights}))
    return directory


@pytest.mark.parametrize("tokenizer", ["tokenizer.json", "vocab.json"])
def test_one_file_of_weights_is_whole(tmp_path, tokenizer):
    assert lacking(write(tmp_path, "config.json", "model.safetensors", tokenizer), TEXT) is None


def test_what_is_missing_is_named(tmp_path):
    assert lacking(tmp_path / "absent", TEXT) == "config.json"
    assert lacking(write(tmp_path, "config.json"), TEXT) == "model.safetensors"
    assert lacking(write(tmp_path, "model.safetensors"), TEXT) == "tokenizer.json"
    assert lacking(write(tmp_path, "tokenizer.json"), TEXT) is None


def test_every_shard_of_the_index_must_be_there(tmp_path):
    write_index(write(tmp_path, "config.json", "tokenizer.json", SHARDS[0]), *SHARDS)
    assert lacking(tmp_path, TEXT) == SHARDS[1]
    write(tmp_path, SHARDS[1])
    assert lacking(tmp_path, TEXT) is None


def test_a_changed_index_is_read_again(tmp_path):
    write_index(write(tmp_path, "config.json", "tokenizer.json", SHARDS[0]), SHARDS[0])
    assert lacking(tmp_path, TEXT) is None
    write_index(tmp_path, *SHARDS)
    assert lacking(tmp_path, TEXT) == SHARDS[1]


def test_shards_without_an_index_are_not_whole(tmp_path):
    assert lacking(write(tmp_path, "config.json", "tokenizer.json", *SHARDS), TEXT) == "model.safetensors"


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"{}", b'{"weight_map": 3}', b'{"weight_map": {"a": 3}}', b"\xff\xfe"]
)
def test_an_index_that_is_none_is_named(tmp_path, content):
    write(tmp_path, "config.json", "tokenizer.json")
    (tmp_path / "model.safetensors.index.json").write_bytes(content)
    assert lacking(tmp_path, TEXT) == "a readable model.safetensors.index.json"


def test_a_model_that_sees_needs_its_processor(tmp_path):
    write(tmp_path, "config.json", "model.safetensors", "tokenizer.json")
    assert lacking(tmp_path, TEXT) is None
    assert lacking(tmp_path, VISION) == "preprocessor_config.json"
    assert lacking(write(tmp_path, "processor_config.json"), VISION) is None


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("model-00001-of-00002.safetensors", True),
        ("tokenizer.json", True),
        ("merges.txt", True),
        ("chat_template.jinja", True),
        ("modeling_qwen.py", False),
        ("pytorch_model.bin", False),
        ("README.md", False),
        ("figures/config.json", False),
    ],
)
def test_weights_tokenizer_and_configuration_are_wanted_and_never_code(name, wanted):
    assert is_wanted(name) is wanted


def test_pickles_alone(tmp_path):
    assert not has_only_pickles(tmp_path / "absent")
    assert has_only_pickles(write(tmp_path, "pytorch_model.bin"))
    assert not has_only_pickles(write(tmp_path, "model.safetensors"))
