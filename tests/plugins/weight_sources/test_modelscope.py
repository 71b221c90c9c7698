import pytest
from fixtures_weights import CONTENT, EMBEDDED_OFFER, GGUF, SAFETENSORS
from hub_server import Fault

from qwen_router.catalog import load_catalogue
from qwen_router.errors import WeightsError
from qwen_router.settings_file import load_settings
from qwen_router_plugins.weight_sources.modelscope import ModelScopeSource

MODEL = load_catalogue()["Qwen/Qwen3-0.6B"].model_copy(update={"gguf": (GGUF,), "modelscope_id": "qwen/on-scope"})
SOURCE = ModelScopeSource(pause=0.0)


@pytest.fixture
def scope(hub):
    """ModelScope with the model in both formats."""
    checkpoint = {"config.json": b"{}", "tokenizer.json": b"{ }", "model.safetensors": CONTENT, "run.py": b"exit()"}
    hub.repositories = {"qwen/on-scope": checkpoint, GGUF.repo: {GGUF.file: CONTENT}}
    return hub


def quiet(name: str, done: int, total: int) -> None:
    pass


def test_a_gguf_file_is_downloaded_and_resumed(scope, settings):
    scope.faults[GGUF.file] = [Fault(cut=1_200_000)]
    assert SOURCE.size(MODEL, EMBEDDED_OFFER, settings) == 3_000_000
    files = SOURCE.fetch(MODEL, EMBEDDED_OFFER, settings, quiet)
    assert files.path.read_bytes() == CONTENT
    assert (files.format, files.source) == ("gguf", "modelscope")
    assert scope.downloads(GGUF.file)[1].range is not None
    assert SOURCE.find(MODEL, EMBEDDED_OFFER, settings) == files


def test_the_hubs_token_is_never_sent(scope, settings):
    SOURCE.fetch(MODEL, EMBEDDED_OFFER, settings, quiet)
    assert {seen.authorization for seen in scope.seen} == {None}


def test_a_checkpoint_is_downloaded_without_code(scope, settings):
    files = SOURCE.fetch(MODEL, SAFETENSORS, settings, quiet)
    assert sorted(path.name for path in files.path.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert SOURCE.find(MODEL, SAFETENSORS, settings) == files


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_wrong_checksum_is_refused(scope, settings, name):
    scope.faults[name] = [Fault(flip=True)]
    with pytest.raises(WeightsError, match=rf"{name} from ModelScope doesn't have the expected SHA-256"):
        SOURCE.fetch(MODEL, SAFETENSORS, settings, quiet)
    assert SOURCE.find(MODEL, SAFETENSORS, settings) is None


def test_a_missing_repository_is_named(scope, settings):
    scope.repositories.clear()
    with pytest.raises(WeightsError, match=r"ModelScope has no qwen/on-scope\."):
        SOURCE.fetch(MODEL, SAFETENSORS, settings, quiet)


def test_an_empty_repository_is_reported(scope, settings):
    scope.repositories["qwen/on-scope"] = {"README.md": b""}
    with pytest.raises(WeightsError, match=r"qwen/on-scope on ModelScope holds no safetensors"):
        SOURCE.fetch(MODEL, SAFETENSORS, settings, quiet)


def test_a_model_that_is_not_published_there(scope, settings):
    elsewhere = MODEL.model_copy(update={"modelscope_id": None})
    for offer in (SAFETENSORS, EMBEDDED_OFFER):
        assert SOURCE.size(elsewhere, offer, settings) is None
        with pytest.raises(WeightsError, match="ModelScope has no official"):
            SOURCE.fetch(elsewhere, offer, settings, quiet)
    assert scope.seen == []


def test_offline_asks_nobody(scope, settings):
    offline = load_settings(weights={"cache": str(settings.cache_dir), "offline": True})
    assert SOURCE.size(MODEL, SAFETENSORS, offline) is None
    with pytest.raises(WeightsError, match=r"ModelScope isn't asked: weights\.offline is set"):
        SOURCE.fetch(MODEL, SAFETENSORS, offline, quiet)
    assert scope.seen == []
