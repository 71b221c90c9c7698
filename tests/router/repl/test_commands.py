"""The commands of a conversation, and what they say of bad input."""

import json

import pytest
from PIL import Image
from rich.console import Console

from qwen_router.errors import BackendError
from qwen_router.repl.commands import COMMANDS
from qwen_router.testing import Reply

CODE = "Here:\n\n```python\nprint(1)\n```\n\nand\n\n```sh\nls\n```\n"


def test_help_names_every_command(talk):
    shown = talk.say("/help")
    assert all(f"/{name}" in shown for name in COMMANDS)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/modle", "Did you mean /model or /models?"),
        ("/mod", "Did you mean /model or /models?"),
        ("/xyzzy", "/help lists them"),
        ("/", "/help lists them"),
        ("/" + "x" * 5000, "There is no command /xxxxxxxxxxxxxxxxxxxx…"),
        ("/help me", "/help takes nothing"),
        ("/why", "Nothing was decided yet"),
        ("/why not", "/why takes nothing"),
        ("/model Qwen9-1B", "The catalogue has no model"),
        ("/task cooking", "No specialist serves cooking"),
        ("/thinking hard", "means nothing"),
        ("/image", "/image names no file"),
        ("/image no such file.png", "There is no file no such file.png"),
        ("/image 'unclosed", "There is no file 'unclosed"),
        ("/image \0", "There is no file"),
        ("/audio ~nobody-here/x.wav", "There is no file"),
        ("/image " + "x" * 100_000, "There is no file"),
        ("/paste", "nothing to paste"),
        ("/code", "has no code block"),
        ("/save", "/save names no file"),
        ("/save talk.md", "nothing to save"),
        ("/load", "/load names no file"),
        ("/load none.json", "Can't read"),
        ("/load ~nobody-here/x.md", "names no home directory"),
        ("/retry", "Nothing was asked yet"),
        ("/retry bigger", "No model has answered yet"),
        ("/retry harder", "means nothing"),
        ("/models some", "means nothing"),
        ("/policy sizing.prefer", "sets nothing"),
        ("/policy prefer=speed", "sets nothing"),
        ("/policy sizing.prefer=beauty", "sizing.prefer = 'beauty' is not valid"),
        ("/policy sizing.perfer=speed", "Did you mean prefer?"),
        ("/policy sizing..prefer=speed", "sets nothing"),
        ("/policy nothing.at.all=1", "unknown key"),
        ("/reload now", "/reload takes nothing"),
        ("/clear all", "/clear takes nothing"),
        ("/quit now", "/quit takes nothing"),
    ],
)
def test_bad_input_is_one_line_and_the_conversation_goes_on(talk, backend, line, said):
    backend.replies.append(Reply("Here."))
    assert said in talk.say(line)
    shown = talk.say(line, "Still there?").splitlines()
    assert len([x for x in shown if x.startswith("Error:")]) == 1
    assert "Here." in shown
    assert talk.chat.exit_code == 2


def test_a_failure_of_a_model_is_one_line(talk, backend):
    backend.replies.extend([Reply("half of", error=BackendError("The model\nbroke.")), Reply("Whole.")])
    shown = talk.say("One?", "Two?").splitlines()
    assert [line for line in shown if line.startswith("Error:")] == ["Error: The model broke."]
    assert "Whole." in shown
    assert talk.chat.exit_code == 1


def test_a_fault_of_ours_is_one_line_too(talk, monkeypatch):
    monkeypatch.setattr(talk.session.router, "models", lambda: 1 / 0)
    assert "ZeroDivisionError" in talk.say("/models")


def test_a_refusal_is_one_line(talk):
    shown = talk.say("/policy limits.max_characters=5", "far too long")
    assert len([line for line in shown.splitlines() if line.startswith("Refused:")]) == 1
    assert talk.chat.exit_code == 3


def test_slashes_that_are_no_commands(talk, backend):
    backend.replies.extend([Reply("A."), Reply("B.")])
    talk.say("/no_think What is up?", " /etc/hosts is what?")
    assert [m.text for m in talk.session.messages[::2]] == ["/no_think What is up?", "/etc/hosts is what?"]


def test_why_shows_every_candidate_with_its_reason(talk, backend):
    backend.replies.append(Reply("Hello."))
    shown = talk.say("Hi", "/why")
    assert "difficulty" in shown
    assert all(candidate.rejected in shown for candidate in candidates(talk) if candidate.rejected)


@pytest.mark.parametrize("width", [10, 20, 59, 78, 80, 130])
def test_what_commands_show_fits_any_width(talk, backend, width):
    backend.replies.append(Reply("Hello."))
    talk.chat.out = Console(width=width)
    talk.say("Hi")
    for line in ("/why", "/models all", "/help", "/stats"):
        shown = talk.say(line)
        assert "Error" not in shown
        assert max(len(row.rstrip()) for row in shown.splitlines() if not row.endswith("models")) <= width
        if line == "/why":
            reasons = [c.rejected for c in candidates(talk) if c.rejected]
            assert all(word in shown for reason in reasons for word in reason.split() if len(word) < 8)


def candidates(talk):
    return talk.session.decision.choices["1"].candidates


def test_model_and_task_are_taken_until_auto(talk, backend):
    backend.replies.extend([Reply("A."), Reply("B.")])
    talk.say("/model qwen3-0.6b", "/task code", "Hi")
    assert backend.calls[-1].model == "Qwen/Qwen3-0.6B"
    assert talk.session.decision.classification.task == "code"
    assert "model: auto" in talk.say("/model auto", "/task auto")
    assert talk.session.hints.model is talk.session.hints.task is None


def test_thoughts_are_folded_until_they_are_to_be_shown(talk, backend):
    backend.replies.extend([Reply("A.", thinking="Deep thought."), Reply("B.", thinking="Another one.")])
    assert "Deep thought." not in talk.say("Hi")
    assert "Deep thought." in talk.say("/thinking show")
    assert "Another one." in talk.say("Hi again")
    talk.say("/thinking hide", "/thinking on")
    assert (talk.session.unfolded, talk.session.hints.thinking) == (False, True)


@pytest.mark.parametrize("written", ["{}", "'{}'", '"{}"', "file://{}", "ESCAPED"])
def test_paths_with_spaces_and_quotes(talk, tmp_path, written):
    quoted = tmp_path / ("it's a pic.png" if written == "{}" else "a pic.png")
    Image.new("RGB", (4, 4)).save(quoted)
    line = str(quoted).replace(" ", "\\ ") if written == "ESCAPED" else written.format(quoted)
    assert "with the next message:" in talk.say(f"/image {line}")
    assert talk.session.images == [str(quoted)]


def test_an_address_is_left_to_the_router(talk):
    talk.say("/image https://example.org/a.png")
    assert talk.session.images == ["https://example.org/a.png"]


def test_paste_reads_up_to_a_dot_where_there_is_no_clipboard(talk, backend, monkeypatch):
    import io

    backend.replies.append(Reply("A."))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n.\nthree\n")))
    talk.say("/paste What is this?")
    assert talk.session.messages[0].text == "What is this?\n\none\ntwo"


def test_paste_takes_the_clipboard(talk, backend, tmp_path, monkeypatch):
    tool = tmp_path / "pbpaste"
    tool.write_text("#!/bin/sh\nprintf 'from the clipboard'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    backend.replies.append(Reply("A."))
    talk.say("/paste")
    assert talk.session.messages[0].text == "from the clipboard"


def test_code_is_shown_raw_or_written_to_a_new_file(talk, backend, tmp_path):
    backend.replies.append(Reply(CODE))
    talk.say("Code?")
    assert talk.say("/code 1") == "print(1)\n"
    assert talk.say("/code") == "ls\n"
    talk.say(f"/code 1 {tmp_path}/a b.py")
    assert (tmp_path / "a b.py").read_text() == "print(1)\n"
    assert "exists" in talk.say(f"/code 2 {tmp_path}/a b.py")
    assert "has no code block 3. It has 2." in talk.say("/code 3")
    assert "Can't write" in talk.say(f"/code 1 {tmp_path}/none/a.py")


@pytest.mark.parametrize("name", ["talk.json", "my talk.md"])
def test_a_conversation_is_saved_and_gone_on_with(talk, backend, tmp_path, name):
    backend.replies.extend([Reply("A."), Reply("B."), Reply("C.")])
    file = tmp_path / name
    talk.say("One?", f"/save {file}", "Two?", "/save")
    talk.say("/clear", f"/load '{file}'")
    assert [m.text for m in talk.session.messages] == ["One?", "A.", "Two?", "B."]
    talk.say("/retry")
    assert talk.session.messages[-1].text == "C."


def test_a_file_of_somebody_else_is_not_overwritten(talk, backend, tmp_path):
    backend.replies.append(Reply("A."))
    (tmp_path / "mine.md").write_text("mine")
    assert "exists" in talk.say("Hi", f"/save {tmp_path}/mine.md")
    assert (tmp_path / "mine.md").read_text() == "mine"


def test_retry_bigger_asks_the_next_larger_model_that_is_here(talk, backend):
    backend.replies.extend([Reply("A."), Reply("B.")])
    talk.say("/model qwen3-0.6b", "Hi", "/retry bigger")
    assert backend.calls[-1].model == "Qwen/Qwen3-8B"
    assert [m.text for m in talk.session.messages] == ["Hi", "B."]
    talk.say("/model qwen3-8b", "/retry")
    assert "No larger model than Qwen3-8B is here." in talk.say("/retry bigger")


def test_retry_thinking_lets_it_think(talk, backend):
    backend.replies.extend([Reply("A."), Reply("B.", thinking="hm")])
    talk.say("Hi", "/retry thinking")
    assert talk.session.decision.choices["1"].winner.thinking
    assert talk.session.messages[-1].text == "B."


def test_models_lists_what_is_here_or_all(talk):
    shown = talk.say("/models")
    assert "Qwen3-0.6B" in shown
    assert "Qwen3-4B" not in shown
    assert "Qwen3-4B" in talk.say("/models all")


def test_stats_count_this_session(talk, backend):
    backend.replies.extend([Reply("one two three"), Reply("x", error=BackendError("It broke."))])
    shown = " ".join(talk.say("Hi", "Hi", "/stats").split())
    assert "1 (0 more stopped, 1 failed)" in shown
    assert "3 written" in shown
    assert "Qwen3-8B 1 answers" in shown


def test_policy_holds_for_the_session_and_survives_a_reload(talk, tmp_path, monkeypatch):
    file = tmp_path / "config.toml"
    file.write_text("[generation]\nmax_new_tokens = 99\n")
    monkeypatch.setenv("QWEN_ROUTER_CONFIG", str(file))
    talk.say("/policy sizing.prefer=speed", "/policy sizing.context = 2048")
    file.write_text("[generation]\nmax_new_tokens = 77\n")
    talk.say("/reload")
    settings = talk.session.router.settings
    assert (settings.sizing.prefer, settings.sizing.context) == ("speed", 2048)
    assert settings.generation.max_new_tokens == 77
    assert "sizing.prefer = speed, sizing.context = 2048" in talk.say("/policy")
    file.write_text("[generation]\nmax_new_tokens = 0\n")
    assert "generation.max_new_tokens = 0 is not valid" in talk.say("/reload")


def test_kept_conversations_are_listed_and_gone_on_with(talk, backend):
    assert "No conversations are kept." in talk.say("/threads")
    backend.replies.append(Reply("The sky."))
    talk.session.router.invoke("What is\x1b[2J up?", thread="monday")
    shown = talk.say("/threads")
    assert "monday" in shown
    assert "2 messages" in shown
    assert "\x1b" not in shown
    talk.say("/threads monday")
    assert [m.text for m in talk.session.messages][1:] == ["The sky."]
    assert "no conversation" in talk.say("/threads tuesday").lower()


def test_clear_begins_anew(talk, backend):
    backend.replies.append(Reply("A."))
    talk.say("Hi", "/clear")
    assert talk.session.messages == []
    assert "Nothing was asked yet" in talk.say("/retry")


def test_quit_leaves_at_once(talk, backend):
    talk.say("/quit", "Hi")
    assert backend.calls == []


def test_a_note_is_told_once(talk, backend):
    shown = talk.say("/task math", "/model qwen3-0.6b", "Hi", "Hi again")
    assert shown.count("Note:") <= 1


def test_saved_json_is_what_other_tools_read(talk, backend, tmp_path):
    backend.replies.append(Reply("A."))
    talk.say("Hi", f"/save {tmp_path}/a.json")
    rows = json.loads((tmp_path / "a.json").read_text())
    assert rows == [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "A."}]
