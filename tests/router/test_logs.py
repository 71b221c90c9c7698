"""How the command line logs."""

import json
import logging

import pytest


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    ours, root = logging.getLogger("qwen_router"), logging.getLogger()
    before = ours.level, list(root.handlers)
    yield
    ours.setLevel(before[0])
    root.handlers[:] = before[1]


@pytest.fixture
def config(tmp_path):
    def write(log):
        file = tmp_path / "config.toml"
        file.write_text(f'[weights]\nsources = ["local"]\ncache = "{tmp_path}"\n[log]\n{log}\n')
        return str(file)

    return write


def test_lines_are_for_people_unless_json_is_asked_for(run, config, capsys):
    run("models", "--config", config('format = "json"'))
    logging.getLogger("qwen_router.test").warning("A %s", "line")
    told = json.loads(capsys.readouterr().err)
    assert (told["event"], told["level"], told["logger"]) == ("A line", "warning", "qwen_router.test")
    run("models", "--config", config('format = "pretty"'))
    logging.getLogger("qwen_router.test").warning("Another")
    assert "Another" in (line := capsys.readouterr().err)
    assert "\x1b" not in line


def test_the_level_holds_for_our_own_lines(run, config, capsys):
    run("models", "--config", config('level = "info"'))
    logging.getLogger("qwen_router.test").info("ours")
    logging.getLogger("another").info("theirs")
    told = capsys.readouterr().err
    assert "ours" in told
    assert "theirs" not in told


def test_before_the_settings_are_known_a_warning_is_a_plain_line(run, config, capsys):
    run("config", "check", config(""))
    logging.getLogger("qwen_router.test").warning("early")
    assert capsys.readouterr().err == "WARNING qwen_router.test: early\n"
