"""Trains a tiny checkpoint for real."""

import json
import shutil

import pytest

from qwen_router import Hints, InputError, Router, Sampling, adapt, load_settings

pytest.importorskip("trl", reason="the package trl, which trains adapters, is not installed")
pytest.importorskip("peft", reason="the package peft, which makes adapters, is not installed")

TRAINER = "qwen_router_plugins.backends.transformers.training.trainer"
NAME = "Qwen2.5-0.5B-Instruct"
ANSWER = "Yes, of course."
LEARNED, KEPT = 58, 6


@pytest.fixture(scope="module")
def models(tiny_checkpoint, tmp_path_factory):
    """A directory that holds the tiny Qwen2 checkpoint under a name of the catalogue."""
    directory = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny_checkpoint("qwen2"), directory / NAME)
    return directory


def settings(models, **more):
    return load_settings(
        weights={"sources": ["local"], "directories": [str(models)]},
        sizing={"context": 512, "learn": False},
        backends={"transformers": {"device": "cpu", "precisions": ["bf16"]}},
        escalation={"max_attempts": 1},
        **more,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    file = tmp_path_factory.mktemp("data") / "train.jsonl"
    file.write_text("".join(json.dumps({"prompt": f"Is {n} a number?", "answer": ANSWER}) + "\n" for n in range(64)))
    return file


class Stopped(KeyboardInterrupt):
    """Somebody pressed Ctrl-C."""


@pytest.fixture(scope="module")
def trained(models, data, tmp_path_factory):
    """An adapter whose training was interrupted in its second epoch and then resumed."""
    out = tmp_path_factory.mktemp("out") / "yes"
    given = {"settings": settings(models), "out": out, "epochs": 3, "rank": 8, "learning_rate": 0.005}
    steps = []

    def stop(progressed):
        steps.append(progressed.step)
        if progressed.step == 9:
            raise Stopped

    with pytest.raises(Stopped):
        adapt("general", data, progress=stop, **given)
    assert not out.exists()
    with pytest.raises(InputError, match=r"yes\.partial holds an interrupted training\. Add --resume"):
        adapt("general", data, **given)
    with pytest.raises(InputError, match=r"was begun with rank = 8, not 4\. Give the same options"):
        adapt("general", data, resume=True, **{**given, "rank": 4})
    steps.clear()
    done = adapt("general", data, resume=True, progress=lambda p: steps.append(p.step), **given)
    assert min(steps) == 9
    return done


def test_the_loss_falls_and_only_the_adapter_is_left(trained):
    first, *_, last = [h.validation_loss for h in trained.history]
    assert [h.epoch for h in trained.history] == [0, 1, 2, 3]
    assert last < first / 2
    assert [p.name for p in trained.path.parent.iterdir()] == ["yes"]
    assert sorted(p.name for p in trained.path.iterdir()) == [
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]


def test_the_card_and_the_configuration_name_the_base(trained, data):
    card = (trained.path / "README.md").read_text()
    assert f"base_model: Qwen/{NAME}" in card
    assert f"{LEARNED} learned, {KEPT} kept for validation" in card
    assert "[specialists.general]" in card
    config = json.loads((trained.path / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == f"Qwen/{NAME}"


def test_the_router_answers_with_it(trained, models):
    plain, adapted = {}, {"specialists": {"general": {"adapter": str(trained.path)}}}
    said = []
    for more in (plain, adapted):
        with Router(settings(models, **more)) as router:
            answer = router.invoke(
                "Is 70 a number?",
                hints=Hints(task="general"),
                sampling=Sampling(temperature=0, max_new_tokens=6),
            )
            said.append((answer.text, answer.decision.choices["1"].winner.adapter))
    assert said[0][0] != said[1][0]
    assert said[1] == (ANSWER, str(trained.path))


def test_an_output_that_is_there_is_left_alone(trained, models, data):
    with pytest.raises(InputError, match=r"yes is already there\. Remove it, or choose another"):
        adapt("general", data, settings=settings(models), out=trained.path)
    with pytest.raises(InputError, match=r"There is no .*new\.partial to go on with"):
        adapt("general", data, settings=settings(models), out=trained.path.with_name("new"), resume=True)


def test_a_row_beyond_the_context_is_named_and_a_failure_leaves_nothing(models, data, tmp_path, monkeypatch):
    long = tmp_path / "long.jsonl"
    long.write_text(data.read_text() + json.dumps({"prompt": "1 2 3 " * 300, "answer": "No."}) + "\n")
    with pytest.raises(InputError, match=r"Line 65 takes [\d,]+ tokens; .* is trained with 512"):
        adapt("general", long, settings=settings(models), out=tmp_path / "out")
    monkeypatch.setattr(f"{TRAINER}.SFTConfig", lambda **given: 1 / 0)
    with pytest.raises(Exception, match=r"Training Qwen2\.5-0\.5B-Instruct failed: division by zero"):
        adapt("general", data, settings=settings(models), out=tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("out")] == []
