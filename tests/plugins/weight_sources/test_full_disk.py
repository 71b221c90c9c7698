"""Downloads that the disk has no room for."""

import shutil

import pytest
from fixtures_weights import CONTENT, EMBEDDED_OFFER, GGUF, SAFETENSORS
from full_disk import disk_of

from qwen_router.catalog import load_catalogue
from qwen_router.errors import WeightsError
from qwen_router_plugins.weight_sources.hub import HubSource

MODEL = load_catalogue()["Qwen/Qwen3-0.6B"].model_copy(update={"gguf": (GGUF,)})
CHECKPOINT = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": CONTENT}


@pytest.fixture
def source(tmp_path):
    return HubSource(cache=tmp_path / "hf", pause=0.0)


@pytest.fixture
def full(hub):
    """The hub with the model in both formats."""
    hub.repositories = {MODEL.id: dict(CHECKPOINT), GGUF.repo: {GGUF.file: CONTENT}}
    return hub


def fetch(source, settings, offer):
    return source.fetch(MODEL, offer, settings, lambda name, done, total: None).path


@pytest.mark.parametrize("offer", [EMBEDDED_OFFER, SAFETENSORS], ids=["gguf", "safetensors"])
def test_a_disk_that_is_full_near_the_end_loses_nothing(full, source, settings, offer):
    with disk_of(2_970_000), pytest.raises(WeightsError, match=r"The disk is full: .* Free some space") as caught:
        fetch(source, settings, offer)
    assert "\n" not in str(caught.value)
    (part,) = settings.cache_dir.rglob("*.part")
    assert 0 < part.stat().st_size <= 2_970_000
    assert part.read_bytes() == CONTENT[: part.stat().st_size]
    path = fetch(source, settings, offer)
    assert (path / "model.safetensors" if offer is SAFETENSORS else path).read_bytes() == CONTENT
    name = "model.safetensors" if offer is SAFETENSORS else GGUF.file
    assert full.downloads(name)[1].range is not None


def test_too_little_room_for_the_rest_is_seen_before_a_resume(full, source, settings, monkeypatch):
    path = settings.cache_dir / "hub" / GGUF.repo / f"{GGUF.file}.part"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:2_000_000])
    usage = shutil.disk_usage(settings.cache_dir)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=999_999))
    with pytest.raises(WeightsError, match=r"needs 1,000,000 bytes in .*, where only 999,999 are free"):
        fetch(source, settings, EMBEDDED_OFFER)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    assert fetch(source, settings, EMBEDDED_OFFER).read_bytes() == CONTENT
