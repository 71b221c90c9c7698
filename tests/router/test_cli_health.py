"""`qwen-router health`: what it prints, and how it leaves."""

import json

import pytest
from fixtures_cli import one_line


@pytest.fixture
def write(tmp_path):
    def written(text):
        file = tmp_path / "config.toml"
        file.write_text(text)
        return str(file)

    return written


@pytest.fixture
def nothing(write, tmp_path):
    return write(f'[weights]\nsources = ["local"]\ncache = "{tmp_path}"\n')


@pytest.fixture
def embedded(write, embedded_gguf):
    return write(
        f'[weights]\nsources = ["local"]\ndirectories = ["{embedded_gguf.parent}"]\n'
        "[backends.transformers]\nenabled = false\n"
    )


def test_a_healthy_machine_leaves_with_0(run, embedded):
    ran = run("health", "--config", embedded)
    assert ran.code == 0
    assert ran.out.startswith("healthy\n")
    assert "A plain request takes Qwen2.5-Coder-0.5B-Instruct q4_k_m on llama_cpp." in ran.out
    assert "No calls to go by: this process has answered none yet." in ran.out


def test_without_a_model_it_leaves_with_1_and_says_what_to_do(run, nothing):
    ran = run("health", "--config", nothing)
    assert ran.code == 1
    assert ran.out.startswith("unhealthy\n")
    assert "qwen-router[embedded]" in ran.out
    found = json.loads(run("health", "--json", "--config", nothing).out)
    assert (found["status"], found["deep"], found["calls"]) == ("unhealthy", False, 0)
    assert found["findings"][0]["check"] == "models"


def test_degraded_leaves_with_0(run, embedded, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    ran = run("health", "--config", embedded)
    assert (ran.code, ran.out.split()[0]) == (0, "degraded")
    assert "Make the directory writable" in ran.out


def test_deep_asks_the_model(run, embedded):
    ran = run("health", "--deep", "--json", "--config", embedded)
    (asked,) = [f for f in json.loads(ran.out)["findings"] if f["check"] == "model"]
    assert asked["subject"] == "Qwen2.5-Coder-0.5B-Instruct q4_k_m"
    assert "tokens/s" in asked["measured"]
    assert ran.code == 0


def test_a_wrong_configuration_is_one_line(run, write):
    assert "unknown key healht" in one_line(run("health", "--config", write("[healht]\n")), 2)
    assert "health.max_seconds" in one_line(run("health", "--config", write("[health]\nmax_seconds = 0\n")), 2)
