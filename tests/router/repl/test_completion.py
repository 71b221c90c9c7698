"""What Tab offers."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from qwen_router.config import Settings
from qwen_router.repl.commands import COMMANDS
from qwen_router.repl.completion import CommandCompleter, setting_keys


@pytest.fixture
def offered():
    words = {"model": lambda: ["Qwen3-8B", "Qwen3-0.6B"], "task": lambda: ["math", "code"]}
    completer = CommandCompleter(COMMANDS.values(), words)

    def complete(line):
        """Return the line as each completion would leave it."""
        found = completer.get_completions(Document(line), CompleteEvent())
        return [line[: len(line) + c.start_position] + c.text for c in found]

    return complete


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("/mo", ["/model", "/models"]),
        ("/model qwen3-8", ["/model Qwen3-8B"]),
        ("/model a", ["/model auto"]),
        ("/task ", ["/task auto", "/task math", "/task code"]),
        ("/thinking s", ["/thinking show"]),
        ("/retry ", ["/retry bigger", "/retry thinking"]),
        ("/policy sizing.pref", ["/policy sizing.prefer="]),
        ("/policy sizing.prefer=s", ["/policy sizing.prefer=speed"]),
        ("/policy backends.llama_cpp.ena", ["/policy backends.llama_cpp.enabled="]),
        ("/policy sizing.learn=", ["/policy sizing.learn=true", "/policy sizing.learn=false"]),
        ("/clear x", []),
        ("/nothing x", []),
        ("plain text", []),
        ("", []),
    ],
)
def test_commands_and_what_they_take(offered, line, completed):
    assert offered(line) == completed


def test_every_command_is_offered(offered):
    assert offered("/") == [f"/{name}" for name in COMMANDS]


def test_paths_with_spaces(offered, tmp_path):
    (tmp_path / "my pic.png").write_text("")
    assert offered(f"/image {tmp_path}/my p") == [f"/image {tmp_path}/my pic.png"]


def test_every_key_offered_is_one():
    for key in setting_keys():
        section = key.split(".")[0]
        assert section in Settings.model_fields
        assert key.endswith("=")
    assert "limits.max_characters=" in setting_keys()
