"""What each source says lies on the disk, and what it removes of it."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from fixtures_weights import CONTENT, EMBEDDED_OFFER, GGUF, SAFETENSORS
from hub_server import write_cache

from qwen_router.backend import size_on_disk
from qwen_router.catalog import load_catalogue
from qwen_router.errors import WeightsError
from qwen_router.settings_file import load_settings
from qwen_router_plugins.weight_sources.embedded import EmbeddedSource
from qwen_router_plugins.weight_sources.hub import HubSource
from qwen_router_plugins.weight_sources.local import LocalSource
from qwen_router_plugins.weight_sources.modelscope import ModelScopeSource

MODEL = load_catalogue()["Qwen/Qwen3-0.6B"].model_copy(update={"gguf": (GGUF,)})
CHECKPOINT = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": CONTENT}


@pytest.fixture
def source(tmp_path):
    return HubSource(cache=tmp_path / "hf", pause=0.0)


@pytest.fixture
def full(hub):
    hub.repositories = {MODEL.id: dict(CHECKPOINT), GGUF.repo: {GGUF.file: CONTENT}}
    return hub


def quiet(name, done, total):
    pass


def stop(name, done, total):
    if done > 1_000:
        raise KeyboardInterrupt


def own(settings) -> list[Path]:
    """Return the files in the cache, locks aside."""
    return [p for p in settings.cache_dir.rglob("*") if p.is_file() and p.suffix != ".lock"]


@pytest.mark.parametrize("offer", [EMBEDDED_OFFER, SAFETENSORS], ids=["gguf", "safetensors"])
def test_what_was_fetched_is_shown_and_removed(full, source, settings, offer):
    files = source.fetch(MODEL, offer, settings, quiet)
    (stored,) = source.stored(MODEL, offer, settings)
    assert (stored.path, stored.partial, stored.keeper) == (files.path, False, "")
    assert stored.bytes == size_on_disk(files.path) >= 3_000_000
    assert source.remove(MODEL, offer, settings) == stored.bytes
    assert own(settings) == []
    assert source.find(MODEL, offer, settings) is None
    assert source.stored(MODEL, offer, settings) == []
    assert source.remove(MODEL, offer, settings) == 0
    assert source.fetch(MODEL, offer, settings, quiet).path.exists()


@pytest.mark.parametrize("offer", [EMBEDDED_OFFER, SAFETENSORS], ids=["gguf", "safetensors"])
def test_what_an_interrupted_fetch_left_is_shown_and_removed(full, source, settings, offer):
    with pytest.raises(KeyboardInterrupt):
        source.fetch(MODEL, offer, settings, stop)
    (stored,) = source.stored(MODEL, offer, settings)
    assert stored.partial
    assert 0 < stored.bytes < 3_000_004
    assert source.remove(MODEL, offer, settings) == stored.bytes
    assert own(settings) == []


@pytest.mark.parametrize("offer", [EMBEDDED_OFFER, SAFETENSORS], ids=["gguf", "safetensors"])
def test_what_another_process_fetches_stays(full, source, settings, offer):
    path = source.fetch(MODEL, offer, settings, quiet).path
    with FileLock(path.with_name(f"{path.name}.lock")):
        with pytest.raises(WeightsError, match=r"was not removed: another process is fetching it\. Wait") as caught:
            source.remove(MODEL, offer, settings)
        assert "\n" not in str(caught.value)
        assert path.exists()
    assert source.remove(MODEL, offer, settings) > 0


def test_what_the_system_keeps_is_named(full, source, settings, monkeypatch):
    path = source.fetch(MODEL, EMBEDDED_OFFER, settings, quiet).path

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(WeightsError, match=r"Can't remove .*test-q4_k_m\.gguf: Permission denied\. Stop the programs"):
        source.remove(MODEL, EMBEDDED_OFFER, settings)
    assert path.exists()


def test_the_hubs_own_cache_is_shown_and_stays(full, source, settings, tmp_path):
    snapshot = write_cache(tmp_path / "hf", MODEL.id, CHECKPOINT, "main")
    (stored,) = source.stored(MODEL, SAFETENSORS, settings)
    assert (stored.path, stored.bytes) == (snapshot, 3_000_004)
    assert "`hf cache rm model/Qwen/Qwen3-0.6B`" in stored.keeper
    assert source.remove(MODEL, SAFETENSORS, settings) == 0
    assert source.find(MODEL, SAFETENSORS, settings)


def test_a_gguf_file_in_the_hubs_cache_names_its_own_repository(full, source, settings, tmp_path):
    write_cache(tmp_path / "hf", GGUF.repo, {GGUF.file: CONTENT}, "main")
    (stored,) = source.stored(MODEL, EMBEDDED_OFFER, settings)
    assert f"`hf cache rm model/{GGUF.repo}`" in stored.keeper


def test_every_revision_is_shown_and_removed(full, source, settings):
    pinned = load_settings(weights={"cache": str(settings.cache_dir), "revisions": {MODEL.id: "v1"}})
    plain = source.fetch(MODEL, SAFETENSORS, settings, quiet).path
    tagged = source.fetch(MODEL, SAFETENSORS, pinned, quiet).path
    begun = load_settings(weights={"cache": str(settings.cache_dir), "revisions": {MODEL.id: "v2"}})
    with pytest.raises(KeyboardInterrupt):
        source.fetch(MODEL, SAFETENSORS, begun, stop)
    found = source.stored(MODEL, SAFETENSORS, settings)
    assert [stored.path for stored in found if not stored.partial] == [plain, tagged]
    assert [stored.partial for stored in found].count(True) == 1
    assert source.remove(MODEL, SAFETENSORS, settings) == sum(stored.bytes for stored in found)
    assert own(settings) == []


def test_a_model_of_a_longer_name_is_left_alone(full, source, settings):
    longer = MODEL.model_copy(update={"id": f"{MODEL.id}.5"})
    full.repositories[longer.id] = dict(CHECKPOINT)
    with pytest.raises(KeyboardInterrupt):
        source.fetch(longer, SAFETENSORS, settings, stop)
    assert source.stored(MODEL, SAFETENSORS, settings) == []
    source.fetch(MODEL, SAFETENSORS, settings, quiet)
    assert source.stored(longer, SAFETENSORS, settings)[0].partial


def test_modelscope_removes_its_own(hub, settings):
    model = MODEL.model_copy(update={"modelscope_id": "qwen/on-scope"})
    hub.repositories = {"qwen/on-scope": dict(CHECKPOINT)}
    source = ModelScopeSource(pause=0.0)
    source.fetch(model, SAFETENSORS, settings, quiet)
    assert source.remove(model, SAFETENSORS, settings) == 3_000_004
    assert source.stored(model.model_copy(update={"modelscope_id": None}), SAFETENSORS, settings) == []


def test_joined_parts_are_removed_and_installed_ones_stay(parts, settings):
    source = EmbeddedSource()
    path = source.fetch(parts.model, EMBEDDED_OFFER, settings, quiet).path
    (path.with_name(f"{path.name}.joining")).write_bytes(b"half")
    joined, half, installed = source.stored(parts.model, EMBEDDED_OFFER, settings)
    assert (joined.path, joined.bytes, joined.keeper) == (path, 3_000_000, "")
    assert (half.bytes, half.partial) == (4, True)
    assert (installed.path, installed.bytes) == (parts.path(1), 3_000_000)
    assert "`pip uninstall qwen-router-test-part{1..3}`" in installed.keeper
    assert source.remove(parts.model, EMBEDDED_OFFER, settings) == 3_000_004
    assert own(settings) == []
    assert source.remove(parts.model, EMBEDDED_OFFER, settings) == 0
    assert source.fetch(parts.model, EMBEDDED_OFFER, settings, quiet).path == path


def test_without_the_extra_the_joined_file_is_all_there_is(parts, settings):
    source = EmbeddedSource()
    source.fetch(parts.model, EMBEDDED_OFFER, settings, quiet)
    shutil.rmtree(parts.site)
    assert len(source.stored(parts.model, EMBEDDED_OFFER, settings)) == 1
    assert source.stored(parts.model, SAFETENSORS, settings) == ()


def test_the_operators_own_files_stay(tmp_path):
    settings = load_settings(weights={"directories": [str(tmp_path)]})
    source = LocalSource()
    assert source.stored(MODEL, EMBEDDED_OFFER, settings) == ()
    (tmp_path / GGUF.file).write_bytes(b"GGUF")
    (stored,) = source.stored(MODEL, EMBEDDED_OFFER, settings)
    assert (stored.path, stored.bytes) == (tmp_path / GGUF.file, 4)
    assert "weights.directories" in stored.keeper
    assert source.remove(MODEL, EMBEDDED_OFFER, settings) == 0
    assert stored.path.exists()
