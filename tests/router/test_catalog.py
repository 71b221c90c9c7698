import json
from pathlib import Path

import pytest

from qwen_router import UnknownModel, load_catalogue
from qwen_router.catalog import expected_quality, expected_tokens_per_second
from qwen_router.catalog.build import build

CATALOGUE = load_catalogue()
SMALL = CATALOGUE["Qwen/Qwen2.5-Coder-0.5B-Instruct"]
DATA = Path(__file__).parents[3] / "shared" / "data" / "qwen_family.json"


def test_every_row_is_whole():
    for model in CATALOGUE.values():
        assert model.parameters >= model.active_parameters > 0
        assert model.layers >= model.attention_layers > 0
        assert model.context >= 4096
        assert "text" in model.modalities or model.modalities == ("audio",)


@pytest.mark.skipif(not DATA.is_file(), reason="the family's full data is not beside the project")
def test_the_shipped_file_is_what_the_builder_makes():
    assert [m.id for m in build(json.loads(DATA.read_text("utf-8")))] == list(CATALOGUE)
    assert tuple(build(json.loads(DATA.read_text("utf-8")))) == tuple(CATALOGUE.values())


@pytest.mark.parametrize("name", ["Qwen/Qwen3-8B", "Qwen3-8B", "qwen3-8b", "qwen/qwen3-8b"])
def test_a_model_is_found_by_id_and_by_name(name):
    assert CATALOGUE.find(name).id == "Qwen/Qwen3-8B"


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownModel, match="Did you mean Qwen/Qwen3-4B"):
        CATALOGUE.find("Qwen3-4")
    with pytest.raises(UnknownModel, match="See `qwen-router models`"):
        CATALOGUE.find("llama")


def test_the_embedded_files_are_the_official_ones():
    file = SMALL.gguf_at("q4_k_m")
    assert (file.bytes, file.embedded.parts) == (491_400_064, 6)
    assert file.sha256 == "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
    large = CATALOGUE["Qwen/Qwen2.5-Coder-1.5B-Instruct"].gguf_at("q4_k_m")
    assert (large.bytes, large.embedded.parts) == (1_117_320_768, 22)


def test_larger_models_are_expected_to_be_better_and_slower():
    models = [CATALOGUE[f"Qwen/Qwen3-{size}"] for size in ("0.6B", "4B", "14B", "32B")]
    quality = [expected_quality(m, "general", thinking=False) for m in models]
    speed = [expected_tokens_per_second(m, "bf16", "transformers", "cpu") for m in models]
    assert quality == sorted(quality)
    assert speed == sorted(speed, reverse=True)
    assert expected_quality(models[1], "general", thinking=True) > quality[1]


def test_a_specialist_is_expected_to_be_better_at_its_task_than_at_others():
    math = CATALOGUE["Qwen/Qwen2.5-Math-7B-Instruct"]
    general = CATALOGUE["Qwen/Qwen2.5-7B-Instruct"]
    assert expected_quality(math, "math", thinking=False) > expected_quality(general, "math", thinking=False)
    assert expected_quality(math, "code", thinking=False) < expected_quality(general, "code", thinking=False)
