import json
from pathlib import Path

import pytest

from qwen_router import ConfigError, UnknownModel, load_catalogue
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


def test_without_rows_of_the_operator_the_catalogue_is_read_once():
    assert load_catalogue() is load_catalogue({}) is CATALOGUE


def test_a_row_changes_the_given_fields_of_a_known_model_and_nothing_else():
    row = {"context": 131_072, "sampling": {"temperature": 0.1}, "scores": {"house": 71.5}, "tasks": ["code"]}
    changed = load_catalogue({"Qwen/Qwen3-8B": row}, ["code", "general"])
    before, after = CATALOGUE["Qwen/Qwen3-8B"], changed["Qwen/Qwen3-8B"]
    assert list(changed) == list(CATALOGUE)
    assert (after.context, after.tasks) == (131_072, ("code",))
    assert after.sampling == before.sampling.model_copy(update={"temperature": 0.1})
    assert after.scores == {**before.scores, "house": 71.5}
    given = set(row)
    assert after.model_dump(exclude=given) == before.model_dump(exclude=given)
    assert CATALOGUE["Qwen/Qwen3-8B"].context == before.context


def test_a_new_model_takes_the_rest_from_another_but_never_its_files():
    base = CATALOGUE["Qwen/Qwen2.5-Coder-7B-Instruct"]
    assert base.gguf
    assert base.modelscope_id
    made = load_catalogue({"me/my-coder": {"like": base.id, "tasks": ["code"]}})
    mine = made.find("MY-CODER")
    assert list(made)[-1] == mine.id == "me/my-coder"
    assert (mine.parameters, mine.sampling, mine.scores) == (base.parameters, base.sampling, base.scores)
    assert (mine.gguf, mine.quantized, mine.modelscope_id, mine.ollama) == ((), {}, None, None)
    assert made.for_task("code") == (mine,)
    assert made.for_task("math") == ()


def test_a_row_may_be_like_one_before_it():
    made = load_catalogue({"me/a": {"like": "Qwen3-8B", "context": 4096}, "me/b": {"like": "me/a"}})
    assert made["me/b"].context == 4096


def test_a_new_model_may_give_every_field():
    whole = CATALOGUE["Qwen/Qwen3-8B"].model_dump(mode="json", exclude={"id"})
    gguf = {"repo": "me/x-GGUF", "file": "x-q4_k_m.gguf", "precision": "q4_k_m", "bytes": 10, "sha256": "0" * 64}
    made = load_catalogue({"me/x": {**whole, "gguf": [gguf]}})["me/x"]
    assert made.gguf_at("q4_k_m").repo == "me/x-GGUF"


@pytest.mark.parametrize(
    ("id_", "row", "message"),
    [
        ("Qwen/Qwen3-8B", {"contxt": 1}, r'catalogue\."Qwen/Qwen3-8B"\.contxt: unknown key\. Did you mean context\?'),
        ("Qwen/Qwen3-8B", {"context": "long"}, r"\.context = 'long' is not valid\. It should be a valid integer"),
        ("Qwen/Qwen3-8B", {"layers": 0}, r"\.layers = 0 is not valid\. It should be greater than 0"),
        ("Qwen/Qwen3-8B", {"thinking": "maybe"}, r"\.thinking = 'maybe' is not valid\. It should be 'none', 'hybrid'"),
        ("Qwen/Qwen3-8B", {"sampling": {"temprature": 1}}, r"\.sampling\.temprature: .* Did you mean temperature\?"),
        ("Qwen/Qwen3-8B", {"scores": {"x": "good"}}, r"\.scores\.x = 'good' is not valid"),
        (
            "Qwen/Qwen3-8B",
            {"gguf": [{"repo": "a", "file": "b", "precision": "c", "bytes": 1}]},
            r"\.gguf\.0\.sha256 is",
        ),
        ("Qwen/Qwen3-8B", {"gguf": [{"size": 1}]}, r"\.gguf\.0\.size: unknown key\. Known keys: bytes, embedded"),
        ("Qwen/Qwen3-8B", {"like": "Qwen3-4B"}, r"holds Qwen/Qwen3-8B already\. Leave `like` out"),
        ("Qwen/Qwen3-8B", {"id": "other"}, r"Leave it out: the row's own name is the id"),
        ("Qwen/Qwen3-8B", {"tasks": ["cod"]}, r"\.tasks names 'cod', which .* Tasks: code, general\."),
        (
            "me/x",
            {"like": "Qwen3-8C"},
            r'catalogue\."me/x"\.like names no model: .*\. Did you mean Qwen/Qwen3-',
        ),
        ("me/x", {"like": 3}, r"\.like = 3 is not valid"),
        ("me/x", {"context": 1}, r'catalogue\."me/x" is a new model and lacks family, specialty, .*`like`'),
        ("Qwen3-8B", {"context": 1}, r"If you meant Qwen/Qwen3-8B, write that"),
    ],
)
def test_a_wrong_row_is_one_line_with_row_key_and_fix(id_, row, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load_catalogue({id_: row}, ["general", "code"])
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
