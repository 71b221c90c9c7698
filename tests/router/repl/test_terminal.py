"""The conversation at a real pseudo-terminal, and in a pipe."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

SCRIPT = str(Path(__file__).parents[2] / "chat_with_fakes.py")
PLAIN_BYTES = re.compile(rb"^[^\x00-\x08\x0b-\x1f\x7f]*$")


@pytest.fixture
def environment(tmp_path):
    """Where nothing of the user's is found; the terminal isn't asked where its cursor is."""
    home = {name: str(tmp_path / name) for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    env = {**os.environ, **home, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        env.pop(name, None)
    return env


@pytest.fixture
def start(environment, tmp_path):
    """Start a conversation at a terminal; every reply is a dictionary."""
    started = []

    def starter(*replies, columns=80, **env):
        child = pexpect.spawn(
            sys.executable,
            [SCRIPT, *map(json.dumps, replies)],
            env=environment | env,
            cwd=str(tmp_path),
            dimensions=(30, columns),
            timeout=60,
            encoding="utf-8",
        )
        started.append(child)
        return child

    yield starter
    for child in started:
        child.close(force=True)


def prompt(child):
    """Wait until a line can be typed: the terminal was told to mark what is pasted."""
    child.expect_exact("\x1b[?2004h")


def leave(child):
    child.sendeof()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_a_first_conversation(start, tmp_path):
    child = start({"text": "The **sky**."}, {"text": "Again."})
    child.expect("/help lists the commands")
    prompt(child)
    child.send("What is up?\r")
    child.expect("The .*sky")
    prompt(child)
    child.send("/code\r")
    child.expect("has no code block")
    prompt(child)
    # Alt-Enter begins a new line, and a paste of several stays one input.
    child.send("one\x1b\rtwo \x1b[200~three\nfour\x1b[201~\r")
    child.expect("Again")
    prompt(child)
    child.send("/save talk.json\r")
    child.expect("4 messages")
    prompt(child)
    leave(child)
    assert json.loads((tmp_path / "talk.json").read_text())[2]["content"] == "one\ntwo three\nfour"
    assert "What is up?" in (tmp_path / "XDG_STATE_HOME" / "qwen-router" / "chat_history").read_text()


def test_ctrl_c_stops_the_answer_and_keeps_what_was_said(start, tmp_path):
    child = start({"text": "alpha beta", "hold": True}, {"text": "gamma"})
    prompt(child)
    child.send("Talk.\r")
    child.expect("alpha")
    child.sendintr()
    child.expect("Stopped")
    prompt(child)
    child.send("More.\r")
    child.expect("gamma")
    prompt(child)
    child.send("/save talk.json\r")
    child.expect("4 messages")
    prompt(child)
    leave(child)
    said = [row["content"] for row in json.loads((tmp_path / "talk.json").read_text())]
    assert said == ["Talk.", "alpha ", "More.", "gamma"]


def test_ctrl_c_while_a_model_loads_and_at_the_prompt(start):
    child = start({"text": "delta"}, FAKES_HOLD_LOAD="1")
    prompt(child)
    child.send("Talk.\r")
    child.expect("loading")
    child.sendintr()
    child.expect("Stopped")
    prompt(child)
    child.send("half a line\x03")
    child.send("/nope\r")
    child.expect("There is no command /nope")
    prompt(child)
    child.sendintr()
    prompt(child)
    child.sendintr()
    child.expect("Ctrl-D or /quit leaves")
    prompt(child)
    leave(child)


def test_a_paste_that_is_too_long_is_one_line(start):
    child = start({"text": "epsilon"})
    prompt(child)
    child.send("\x1b[200~" + "0123456789" * 10_000 + "\x1b[201~")
    child.expect("A paste of 100,000 characters is over")
    child.send("Hi\r")
    child.expect("epsilon")
    prompt(child)
    leave(child)


@pytest.mark.parametrize("broken", ["damaged", "directory"])
def test_a_history_that_cant_be_used(start, tmp_path, broken):
    file = tmp_path / "XDG_STATE_HOME" / "qwen-router" / "chat_history"
    file.parent.mkdir(parents=True)
    if broken == "directory":
        file.mkdir()
    else:
        file.write_bytes(bytes(range(256)) * 100)
    child = start({"text": "zeta"})
    prompt(child)
    child.send("Hi\r")
    child.expect("zeta")
    prompt(child)
    leave(child)


def test_a_terminal_of_twenty_columns(start):
    child = start({"text": "# Eta\n\n" + "word " * 30}, columns=20)
    prompt(child)
    child.send("Hi\r")
    child.expect("Eta")
    prompt(child)
    child.send("/why\r")
    child.expect("chosen")
    prompt(child)
    leave(child)


def test_no_colour_where_none_is_wanted(start):
    child = start({"text": "```python\nx = 'theta'\n```"}, NO_COLOR="1")
    prompt(child)
    child.send("Hi\r")
    child.expect("theta")
    prompt(child)
    shown = child.before + child.after
    leave(child)
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38;[\d;]+)m", shown + child.before)


def test_a_dumb_terminal_gets_plain_text(start):
    child = start({"text": "**iota**\x1b[2J"}, TERM="dumb")
    child.expect("> ")
    child.sendline("Hi")
    child.expect(r"\*\*iota\*\*")
    child.expect("> ")
    leave(child)
    assert "\x1b" not in child.before


def piped(environment, text, *replies, **env):
    return subprocess.run(
        [sys.executable, SCRIPT, *map(json.dumps, replies)],
        input=text,
        env=environment | env,
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_a_pipe_gets_an_answer_a_line_and_nothing_else(environment):
    done = piped(environment, b"Hi\n\nHi again", {"text": "One.\x1b[31m", "thinking": "hm"}, {"text": "**Two.**"})
    assert done.returncode == 0
    assert done.stdout == b"One.[31m\n**Two.**\n"
    assert PLAIN_BYTES.match(done.stdout + done.stderr)


def test_errors_in_a_pipe_are_a_line_each_and_the_exit_code(environment):
    done = piped(environment, b"/nope\n\xff\xfe\nHi\n" + b"x" * 2_000_000 + b"\n", {"text": "One."})
    assert done.returncode == 3
    assert done.stdout == b"One.\n"
    lines = done.stderr.decode().splitlines()
    assert [line.split(":")[0] for line in lines] == ["Error", "Error", "Refused"]
    assert "not UTF-8" in lines[1]
    assert "limits.max_characters" in lines[2]


def test_a_broken_configuration_is_one_line(environment, tmp_path):
    (tmp_path / "c.toml").write_text("[sizing]\nprefer = 1\n")
    done = piped(environment, b"Hi\n", FAKES_CONFIG=str(tmp_path / "c.toml"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_the_module_without_arguments_asks_for_a_terminal(environment):
    done = subprocess.run(
        [sys.executable, "-m", "qwen_router"], input=b"", env=environment, capture_output=True, timeout=120, check=False
    )
    assert b"Usage" in done.stdout + done.stderr


def test_ctrl_c_ends_a_conversation_in_which_nobody_types(environment):
    child = subprocess.Popen(
        [sys.executable, SCRIPT, json.dumps({"text": "kappa lambda", "hold": True})],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    child.stdin.write(b"Hi\nHi again\n")
    child.stdin.flush()
    assert child.stdout.read(5) == b"kappa"
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode != 0
