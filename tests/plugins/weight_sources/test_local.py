from pathlib import Path

import pytest
from fixtures_weights import EMBEDDED_OFFER, SAFETENSORS

from qwen_router.catalog import load_catalogue
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router.errors import WeightsError
from qwen_router.settings_file import load_settings
from qwen_router_plugins.weight_sources.local import LocalSource

SOURCE = LocalSource()
MODEL = load_catalogue()["Qwen/Qwen2.5-Coder-0.5B-Instruct"]
FILE = MODEL.gguf[0].file


def quiet(name: str, done: int, total: int) -> None:
    pass


def looking_in(*directories: Path) -> Settings:
    return load_settings(weights={"directories": [str(directory) for directory in directories]})


def checkpoint(directory: Path, *names: str) -> Path:
    directory.mkdir(parents=True)
    for name in names or ("config.json", "model.safetensors", "tokenizer.json"):
        (directory / name).write_bytes(b"{}")
    return directory


def gguf(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF\x03\x00\x00\x00")
    return path


@pytest.mark.parametrize("place", [MODEL.name, MODEL.id])
@pytest.mark.parametrize("precision", ["bf16", "fp16", "fp32", "int8", "nf4"])
def test_safetensors_serve_every_precision(tmp_path, place, precision):
    directory = checkpoint(tmp_path / "models" / place)
    offer = Offer(precision=precision, format="safetensors")
    files = SOURCE.find(MODEL, offer, looking_in(tmp_path / "none", tmp_path / "models"))
    assert files is not None
    assert (files.path, files.format, files.source) == (directory, "safetensors", "local")


@pytest.mark.parametrize(
    "place", ["", MODEL.name, MODEL.id, f"{MODEL.name}-GGUF", f"{MODEL.id}-GGUF"], ids=lambda place: place or "top"
)
@pytest.mark.parametrize("name", [FILE, FILE.upper()])
def test_gguf_files_are_found_by_name_in_any_case(tmp_path, place, name):
    file = gguf(tmp_path / place / name)
    files = SOURCE.find(MODEL, EMBEDDED_OFFER, looking_in(tmp_path))
    assert files is not None
    assert (files.path, files.format, files.source) == (file, "gguf", "local")


def test_the_home_directory_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    file = gguf(tmp_path / "models" / FILE)
    files = SOURCE.find(MODEL, EMBEDDED_OFFER, load_settings(weights={"directories": ["~/models"]}))
    assert files is not None
    assert files.path == file


def test_what_only_bears_the_name_is_passed_over(tmp_path):
    (tmp_path / FILE).write_bytes(b"<html>Not found</html>")
    assert SOURCE.find(MODEL, EMBEDDED_OFFER, looking_in(tmp_path)) is None
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    assert SOURCE.find(MODEL, EMBEDDED_OFFER, looking_in(tmp_path)) is None


def test_a_quantization_that_is_not_in_the_catalogue_is_not_found(tmp_path):
    gguf(tmp_path / FILE)
    assert SOURCE.find(MODEL, Offer(precision="q2_k", format="gguf", quant="q2_k"), looking_in(tmp_path)) is None


def test_a_directory_that_is_not_there_or_is_a_file_is_passed_over(tmp_path):
    (tmp_path / "file").write_text("")
    settings = looking_in(tmp_path / "none", tmp_path / "file")
    assert SOURCE.find(MODEL, SAFETENSORS, settings) is None
    assert SOURCE.find(MODEL, EMBEDDED_OFFER, settings) is None


def test_nothing_can_be_downloaded_from_here(tmp_path):
    assert SOURCE.size(MODEL, SAFETENSORS, looking_in(tmp_path)) is None


def test_fetch_returns_what_is_there(tmp_path):
    directory = checkpoint(tmp_path / MODEL.name)
    assert SOURCE.fetch(MODEL, SAFETENSORS, looking_in(tmp_path), quiet).path == directory


def test_fetch_refuses_pickles_and_says_why(tmp_path):
    checkpoint(tmp_path / MODEL.name, "config.json", "pytorch_model.bin", "tokenizer.json")
    assert SOURCE.find(MODEL, SAFETENSORS, looking_in(tmp_path)) is None
    with pytest.raises(WeightsError, match=r"holds pickle files only\. .*can run any code"):
        SOURCE.fetch(MODEL, SAFETENSORS, looking_in(tmp_path), quiet)


def test_fetch_names_what_a_directory_lacks(tmp_path):
    directory = checkpoint(tmp_path / MODEL.name, "config.json", "model.safetensors")
    with pytest.raises(WeightsError) as caught:
        SOURCE.fetch(MODEL, SAFETENSORS, looking_in(tmp_path), quiet)
    assert str(caught.value).startswith(f"{directory} lacks tokenizer.json.")


def test_fetch_names_the_directories_or_that_there_are_none(tmp_path):
    with pytest.raises(WeightsError, match=r"Nothing fits in .*Put the files into DIR/Qwen2\.5-Coder-0\.5B-Instruct/"):
        SOURCE.fetch(MODEL, SAFETENSORS, looking_in(tmp_path), quiet)
    with pytest.raises(WeightsError, match=r"No directory is configured\. .*weights\.directories"):
        SOURCE.fetch(MODEL, SAFETENSORS, load_settings(), quiet)
