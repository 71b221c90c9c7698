"""`pull`, `du` and `rm`: against a hub on the loopback, with a small model that the operator's catalogue names."""

import io
import json
import os
import subprocess
import sys
import threading

import pytest
from filelock import FileLock
from fixtures_cli import one_line
from fixtures_weights import CONTENT, GGUF
from hub_server import Fault, serving

MODEL = "me/tiny"


@pytest.fixture
def hub(monkeypatch):
    """A hub with the model's GGUF file."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.repositories = {GGUF.repo: {GGUF.file: CONTENT}}
        yield hub


@pytest.fixture
def config(tmp_path):
    """A configuration whose catalogue names the model."""

    def write(sources='["hub"]', more=""):
        file = tmp_path / "config.toml"
        file.write_text(
            f"""
            [weights]
            sources = {sources}
            cache = "{tmp_path / "cache"}"
            directories = ["{tmp_path / "mine"}"]
            {more}
            [catalogue."{MODEL}"]
            like = "Qwen/Qwen2.5-0.5B-Instruct"
            [[catalogue."{MODEL}".gguf]]
            repo = "{GGUF.repo}"
            file = "{GGUF.file}"
            precision = "q4_k_m"
            bytes = {GGUF.bytes}
            sha256 = "{GGUF.sha256}"
            """
        )
        return str(file)

    return write


@pytest.fixture
def pulled(run, hub, config, tmp_path):
    """The configuration after a pull, and the file that it brought."""
    file = config()
    assert run("pull", "tiny", "--config", file).code == 0
    return file, tmp_path / "cache" / "hub" / GGUF.repo / GGUF.file


class Terminal(io.StringIO):
    """A person's answer."""

    def isatty(self):
        return True


def test_du_shows_models_sizes_and_room(run, pulled):
    file, path = pulled
    ran = run("du", "--config", file)
    (row,) = [line.split() for line in ran.out.splitlines() if line.startswith("tiny")]
    assert row == ["tiny", "q4_k_m", "hub", "2.9", "MiB", "router", str(path)]
    assert "GiB free." in ran.out
    assert "`qwen-router rm` can free 2.9 MiB." in ran.out
    told = json.loads(run("du", "--json", "--config", file).out)
    mine = [entry for entry in told["entries"] if entry["model"] == MODEL]
    assert mine == [
        {
            "model": MODEL,
            "precision": "q4_k_m",
            "source": "hub",
            "stored": {"path": str(path), "bytes": 3_000_000, "partial": False, "keeper": ""},
        }
    ]
    assert told["own_bytes"] == 3_000_000
    assert told["disk_free"] > 0


def test_du_of_an_empty_disk(run, config, monkeypatch):
    monkeypatch.setattr(sys, "path", [p for p in sys.path if "site-packages" not in p])
    assert run("du", "--config", config()).out.startswith("0.0 MiB in all")


def test_rm_asks_and_does_as_it_is_told(run, pulled, monkeypatch):
    file, path = pulled
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    ran = run("rm", MODEL, "--config", file)
    assert (ran.code, ran.out.strip()) == (0, "Nothing was removed.")
    assert str(path) in ran.err
    assert path.exists()
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert run("rm", MODEL, "--config", file).out.strip() == "Removed 2.9 MiB."
    assert not path.exists()
    assert "has put nothing of me/tiny on this disk" in one_line(run("rm", MODEL, "--yes", "--config", file), 2)


def test_rm_without_a_terminal_needs_yes(run, pulled):
    file, path = pulled
    assert "Add --yes" in one_line(run("rm", MODEL, "--config", file, stdin=b""), 2)
    assert path.exists()
    assert run("rm", MODEL, "--yes", "--config", file, stdin=b"").code == 0
    assert not path.exists()


def test_rm_takes_what_an_interrupted_pull_left(run, hub, config, tmp_path):
    hub.faults[GGUF.file] = [Fault(429, {"Retry-After": "600"})]
    file = config()
    assert "limits requests" in one_line(run("pull", MODEL, "--config", file), 1)
    part = tmp_path / "cache" / "hub" / GGUF.repo / f"{GGUF.file}.part"
    part.write_bytes(CONTENT[:1_000_000])
    assert "router, unfinished" in run("du", "--config", file).out
    assert "Removed 1.0 MiB." in run("rm", MODEL, "--yes", "--config", file).out
    assert not part.exists()


def test_rm_leaves_the_operators_own_file_and_says_where_it_lies(run, pulled, tmp_path, config):
    mine = tmp_path / "mine" / GGUF.file
    mine.parent.mkdir()
    mine.write_bytes(b"GGUF")
    file = config('["local", "hub"]')
    ran = run("rm", MODEL, "--yes", "--config", file)
    assert "Removed 2.9 MiB." in ran.out
    assert f"Not removed: {mine}" in ran.err
    line = one_line(run("rm", MODEL, "--yes", "--config", file), 2)
    assert f"{mine} (q4_k_m, 0.0 MiB) stays. It lies in one of weights.directories, which are yours." in line
    assert mine.exists()


def test_rm_of_what_another_process_fetches(run, pulled):
    file, path = pulled
    with FileLock(path.with_name(f"{path.name}.lock")):
        line = one_line(run("rm", MODEL, "--yes", "--config", file), 1)
    assert "was not removed: another process is fetching it. Wait until it has ended, or stop it." in line
    assert path.exists()


def test_rm_of_one_precision_leaves_the_others(run, pulled):
    file, path = pulled
    line = one_line(run("rm", MODEL, "--precision", "bf16", "--yes", "--config", file), 2)
    assert "has put nothing of me/tiny" in line
    line = one_line(run("rm", MODEL, "--precision", "q2_k", "--yes", "--config", file), 2)
    assert "me/tiny is not published at q2_k. Known: q4_k_m, bf16." in line
    assert path.exists()


def test_an_unknown_model_is_named(run, config):
    for command in (["pull", "Qwen9"], ["rm", "Qwen9", "--yes"]):
        assert "The catalogue has no model 'Qwen9'" in one_line(run(*command, "--config", config()), 2)


def test_offline_pulls_nothing_and_keeps_what_is_here(run, pulled, config):
    file = config(more="offline = true")
    assert run("pull", MODEL, "--config", file).code == 0
    run("rm", MODEL, "--yes", "--config", file)
    line = one_line(run("pull", MODEL, "--config", file), 1)
    assert "weights.offline is set: unset it to ask the hubs" in line


def test_a_pin_of_no_model_is_one_line(run, config):
    file = config(more='revisions = { "me/tinny" = "abc" }')
    for command in (["pull", MODEL, "--config"], ["config", "check"]):
        assert "Did you mean me/tiny?" in one_line(run(*command, file), 2)


def test_two_processes_share_one_download(hub, config, tmp_path):
    """The first is held in the middle of the file until the second waits for it."""
    held, go_on = threading.Event(), threading.Event()
    hub.faults[GGUF.file] = [Fault(pause_at=1_000_000, paused=held, go_on=go_on)]
    command = [sys.executable, "-c", PULL, config(), str(tmp_path / "waiting")]
    first = subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, text=True)
    try:
        assert held.wait(60)
        second = subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, text=True)
        try:
            assert second.stdout.readline() == f"{GGUF.file}: waiting for another process to download it\n"
        finally:
            go_on.set()
            said = second.communicate(timeout=60)[0]
    finally:
        go_on.set()
        path = first.communicate(timeout=60)[0]
    assert said.splitlines()[-1] == path.strip()
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(hub.downloads(GGUF.file)) == 1


PULL = """
import sys
from qwen_router import Router
def told(name, done, total):
    if "waiting" in name and not told.said:
        told.said = True
        print(name, flush=True)
told.said = False
with Router.from_config(sys.argv[1]) as router:
    print(router.pull("me/tiny", progress=told).path)
"""


def test_the_bar_shows_size_speed_and_the_time_that_is_left(monkeypatch):
    from rich.console import Console

    from qwen_router.cli import console

    screen = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr(console, "err", screen)
    progress = console.FetchProgress()
    progress("model.gguf: waiting for another process to download it", 0, 0)
    for done in range(0, 3_000_000, 500_000):
        progress("model.gguf", done, 3_000_000)
    progress._bar.refresh()
    drawn = screen.file.getvalue()
    progress("model.gguf", 3_000_000, 3_000_000)
    assert "model.gguf" in drawn
    assert "2.4/2.9 MiB" in drawn
    assert "/s" in drawn
    assert "0:00:0" in drawn
    assert not progress._bar.live.is_started
