"""Models that the operator pins to a commit."""

import pytest
from fixtures_weights import CONTENT, EMBEDDED_OFFER, GGUF, SAFETENSORS
from hub_server import Fault, write_cache

from qwen_router.catalog import load_catalogue
from qwen_router.errors import ConfigError, WeightsError
from qwen_router.settings_file import load_settings
from qwen_router.weights import check_revisions
from qwen_router_plugins.weight_sources.hub import HubSource
from qwen_router_plugins.weight_sources.modelscope import ModelScopeSource

MODEL = load_catalogue()["Qwen/Qwen3-0.6B"].model_copy(update={"gguf": (GGUF,), "modelscope_id": "qwen/on-scope"})
CHECKPOINT = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": CONTENT}
PIN = "89abcdef"


@pytest.fixture
def full(hub):
    hub.repositories = {MODEL.id: dict(CHECKPOINT), "qwen/on-scope": dict(CHECKPOINT), GGUF.repo: {GGUF.file: CONTENT}}
    return hub


@pytest.fixture
def pinned(settings):
    return load_settings(weights={"cache": str(settings.cache_dir), "revisions": {MODEL.id: PIN}})


@pytest.fixture
def source(tmp_path):
    return HubSource(cache=tmp_path / "hf", pause=0.0)


def quiet(name, done, total):
    pass


def test_the_hub_is_asked_for_the_pinned_commit(full, source, settings, pinned):
    path = source.fetch(MODEL, SAFETENSORS, pinned, quiet).path
    assert full.seen[0].path == f"/api/models/{MODEL.id}/revision/{PIN}"
    assert path.name == f"Qwen3-0.6B@{PIN}"
    assert source.find(MODEL, SAFETENSORS, pinned)
    # What was fetched at a pin is not the newest, and the other way round.
    assert source.find(MODEL, SAFETENSORS, settings) is None
    assert source.fetch(MODEL, SAFETENSORS, settings, quiet).path != path


def test_modelscope_is_asked_for_the_pinned_version(full, pinned):
    ModelScopeSource(pause=0.0).fetch(MODEL, SAFETENSORS, pinned, quiet)
    assert {seen.revision for seen in full.seen if not seen.cdn} == {PIN}


@pytest.mark.parametrize("scope", [False, True], ids=["hub", "modelscope"])
def test_a_pin_that_is_not_there_is_named(full, source, pinned, scope):
    full.faults["/files" if scope else PIN] = [Fault(404)]
    asked = ModelScopeSource(pause=0.0) if scope else source
    with pytest.raises(WeightsError, match=rf"has no (Qwen/Qwen3-0\.6B|qwen/on-scope) at {PIN}\."):
        asked.fetch(MODEL, SAFETENSORS, pinned, quiet)


def test_the_hubs_own_cache_is_used_at_the_pin_alone(full, source, settings, pinned, tmp_path):
    snapshot = write_cache(tmp_path / "hf", MODEL.id, CHECKPOINT, PIN)
    files = source.find(MODEL, SAFETENSORS, pinned)
    assert files is not None
    assert files.path == snapshot
    assert source.find(MODEL, SAFETENSORS, settings) is None


def test_a_gguf_file_is_pinned_by_its_checksum(full, source, pinned):
    source.fetch(MODEL, EMBEDDED_OFFER, pinned, quiet)
    assert full.seen[0].path == "/Qwen/Test-GGUF/resolve/pinned/test-q4_k_m.gguf"


def test_a_pin_of_no_model_is_refused():
    settings = load_settings(weights={"revisions": {"Qwen/Qwen3-8b": PIN}})
    with pytest.raises(ConfigError, match=r"'Qwen/Qwen3-8b', which is no model .*Did you mean Qwen/Qwen3-8B\?"):
        check_revisions(settings, load_catalogue())


@pytest.mark.parametrize("revision", ["", "../up", "refs/pr/1", "-x", "a b"])
def test_a_revision_that_is_no_name_is_refused(revision):
    with pytest.raises(ConfigError, match=r"weights\.revisions\.Qwen/Qwen3-8B = .* is not valid\. It should match"):
        load_settings(weights={"revisions": {"Qwen/Qwen3-8B": revision}})
