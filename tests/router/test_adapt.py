"""What an adapter is trained on, and what is refused before anything is written."""

import json

import pytest
from fixtures_cli import one_line

from qwen_router import InputError, UnknownTask, adapt, load_settings
from qwen_router.adapting.job import Progressed
from qwen_router.adapting.rows import read_rows
from qwen_router.cli.adapt import TrainingProgress
from qwen_router_plugins.backends.transformers import TransformersBackend

GOOD = {"prompt": "Is 1 a number?", "answer": "Yes."}


def file_of(tmp_path, *rows):
    file = tmp_path / "train.jsonl"
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return file


def offline(tmp_path, **more):
    return load_settings(weights={"sources": ["local"], "directories": [str(tmp_path)]}, **more)


def test_rows_are_pairs_or_conversations(tmp_path):
    talk = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Is 2 even?"},
        {"role": "assistant", "content": "Yes."},
    ]
    data = read_rows(file_of(tmp_path, *[GOOD] * 9, "", {"messages": talk}))
    assert data.rows[0].turns == (("user", "Is 1 a number?"),)
    assert data.rows[-1].line == 11
    assert data.rows[-1].answer == "Yes."
    assert data.rows[-1].turns[-1] == ("user", "Is 2 even?")
    assert len(data.sha256) == 64


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "Hi"}, r'it has no answer: "answer" is missing\.'),
        ({"prompt": "Hi", "answer": ""}, r'it has no answer: "answer" is empty\.'),
        ({"prompt": "Hi", "answer": 4}, r'it has no answer: "answer" is no text\.'),
        ({"answer": "Hi"}, r'it needs either "prompt" or "messages"\.'),
        ({"messages": [{"role": "user", "content": "Hi"}]}, r"it has no answer: the last message is the user's\."),
        ({"messages": [{"role": "assistant", "content": "Hi"}]}, r"it has no question\."),
        ({"messages": [{"role": "tool", "content": "Hi"}]}, r"a message has no role of system, user, assistant\."),
        ({"messages": []}, r'"messages" is no list of messages\.'),
        ("[]", r"it is no JSON object\."),
        ("{", r"it is no JSON \(.*\)\."),
    ],
)
def test_a_bad_row_is_one_line_with_its_number_and_nothing_is_written(run, tmp_path, monkeypatch, row, message):
    monkeypatch.chdir(tmp_path)
    file = file_of(tmp_path, GOOD, row, *[GOOD] * 20)
    before = sorted(tmp_path.iterdir())
    said = one_line(run("adapt", "general", "--data", str(file)), 2)
    with pytest.raises(InputError, match=rf"train\.jsonl, line 2: {message} Each line is"):
        read_rows(file)
    assert "line 2" in said
    assert sorted(tmp_path.iterdir()) == before


def test_too_few_rows_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds 3 rows; training takes at least 10"):
        read_rows(file_of(tmp_path, *[GOOD] * 3))
    with pytest.raises(InputError, match=r"Can't read .*none\.jsonl: No such file"):
        read_rows(tmp_path / "none.jsonl")


def test_a_missing_extra_is_one_line_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr("qwen_router_plugins.backends.transformers.backend.is_installed", lambda name: name != "trl")
    assert TransformersBackend().training_fault() == "Training needs trl: run `pip install 'qwen-router[adapt]'`."
    with pytest.raises(Exception, match=r"No adapter can be trained here\. Training needs trl: run `pip install"):
        adapt("general", file_of(tmp_path, *[GOOD] * 10), settings=offline(tmp_path))


def test_what_cannot_be_trained_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(TransformersBackend, "training_fault", lambda self: None)
    file, settings = file_of(tmp_path, *[GOOD] * 10), offline(tmp_path)
    with pytest.raises(UnknownTask, match="There is no task 'maths'"):
        adapt("maths", file, settings=settings)
    with pytest.raises(InputError, match=r"No text model of the task 'general' has safetensors on disk"):
        adapt("general", file, settings=settings)
    with pytest.raises(InputError, match=r"Qwen2\.5-Coder-7B-Instruct is no model of the task 'math'"):
        adapt("math", file, settings=settings, model="Qwen2.5-Coder-7B-Instruct")
    with pytest.raises(InputError, match=r"Qwen3-0\.6B has no safetensors on disk"):
        adapt("general", file, settings=settings, model="Qwen3-0.6B")
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix) == ["train.jsonl"]


def test_a_pipe_gets_a_line_an_epoch(capsys):
    progress = TrainingProgress()
    progress(Progressed(epoch=0, epochs=3, step=0, steps=24, validation_loss=9.5))
    progress(Progressed(epoch=0.5, epochs=3, step=4, steps=24))
    progress(Progressed(epoch=1, epochs=3, step=8, steps=24, loss=4.25, validation_loss=3.5))
    progress.close()
    assert capsys.readouterr().err.splitlines() == [
        "epoch 0 of 3: validation loss 9.500",
        "epoch 1 of 3: loss 4.250, validation loss 3.500",
    ]
