import tomllib
from pathlib import Path

import pytest

from qwen_router import ConfigError, Settings, load_settings
from qwen_router.settings_file import find_file

ROOT = Path(__file__).parents[2]


def test_the_shipped_file_holds_every_key_at_its_default():
    shipped = tomllib.loads((ROOT / "config.toml").read_text("utf-8"))
    assert Settings.model_validate(shipped).model_dump(exclude_unset=True) == Settings().model_dump()


def test_later_sources_win(tmp_path, monkeypatch):
    file = tmp_path / "c.toml"
    file.write_text("[sizing]\nprefer = 'speed'\ncontext = 1024\n[router]\nmax_steps = 3\n")
    monkeypatch.setenv("QWEN_ROUTER__SIZING__CONTEXT", "2048")
    monkeypatch.setenv("QWEN_ROUTER__ROUTER__MAX_STEPS", "4")
    settings = load_settings(file, router={"max_steps": 5})
    assert (settings.sizing.prefer, settings.sizing.context, settings.router.max_steps) == ("speed", 2048, 5)


def test_the_file_is_found_by_environment_then_in_the_users_directory(tmp_path, monkeypatch):
    assert find_file() is None
    usual = tmp_path / "config-home" / "qwen-router" / "config.toml"
    usual.parent.mkdir(parents=True)
    usual.write_text("")
    assert find_file() == usual
    monkeypatch.setenv("QWEN_ROUTER_CONFIG", "/elsewhere.toml")
    assert find_file() == Path("/elsewhere.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sizing]\npreffer = 'speed'", r"unknown key sizing\.preffer\. Did you mean prefer\?"),
        ("[sizng]\n", r"unknown key sizng\. Did you mean sizing\?"),
        ("[backends.llama_cpp]\nthread = 2", r"unknown key backends\.llama_cpp\.thread\. Did you mean threads\?"),
        ("[sizing]\nprefer = 'best'", r"sizing\.prefer = 'best' is not valid\. It should be 'quality', 'speed' or"),
        ("[sizing]\ncontext = 'many'", r"sizing\.context = 'many' is not valid"),
        ("[sizing]\nmemory_fraction = 0", r"memory_fraction = 0 is not valid\. It should be greater than 0"),
        (
            "[thinking]\nmax_tokens = 512",
            r"thinking\.max_tokens = 512 is not valid\. It should be at least min_tokens\.",
        ),
        ("[sizing\n", r"is not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_line_with_the_fix(tmp_path, text, message):
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_settings(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_and_an_unreadable_file_are_named(tmp_path):
    with pytest.raises(ConfigError, match="There is no configuration file"):
        load_settings(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="Can't read"):
        load_settings(tmp_path)
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="Can't read"):
        load_settings(binary)


def test_a_misspelled_environment_variable_is_an_error(monkeypatch):
    monkeypatch.setenv("QWEN_ROUTER__SIZNG__PREFER", "speed")
    with pytest.raises(ConfigError, match="names no section"):
        load_settings()


def test_a_wrong_environment_value_names_the_key(monkeypatch):
    monkeypatch.setenv("QWEN_ROUTER__SIZING__CONTEXT", "many")
    with pytest.raises(ConfigError, match=r"sizing\.context"):
        load_settings()
