"""Which adapter a task's model is loaded with, and what is refused at the start."""

import json

import pytest
from conftest import CODER, GENERAL_LARGE, GENERAL_SMALL, make_router

from qwen_router import ConfigError, Hints, load_catalogue, load_settings
from qwen_router.adapters import base_of
from qwen_router.testing import FakeBackend


class Loader(FakeBackend):
    """A fake backend that takes adapters."""

    def adapter_fault(self, form):
        return None


def save(directory, **config):
    directory.mkdir(parents=True, exist_ok=True)
    known = {"peft_type": "LORA", "base_model_name_or_path": GENERAL_SMALL, "r": 4}
    (directory / "adapter_config.json").write_text(json.dumps(known | config))
    (directory / "adapter_model.safetensors").write_bytes(b"0" * 1000)
    return directory


def router_with(tmp_path, directory, task="general", backend=None):
    served = backend or Loader([GENERAL_SMALL, GENERAL_LARGE, CODER])
    return make_router(served, tmp_path, specialists={task: {"adapter": str(directory)}})


def candidates(router, task="general"):
    return router.explain("Hello", hints=Hints(task=task)).choices["1"].candidates


def test_the_base_is_offered_with_its_adapter_and_the_other_models_without(tmp_path):
    directory = save(tmp_path / "mine")
    with router_with(tmp_path, directory) as router:
        found = {c.model: c for c in candidates(router)}
    assert found[GENERAL_SMALL].adapter == str(directory)
    assert found[GENERAL_LARGE].adapter == ""


def test_another_task_has_the_base_for_itself(tmp_path):
    with router_with(tmp_path, save(tmp_path / "mine"), backend=Loader([CODER, GENERAL_SMALL])) as router:
        general = next(c for c in candidates(router) if c.model == GENERAL_SMALL)
        plain = general.model_copy(update={"adapter": ""})
        assert general.key != plain.key
        assert general.variant != plain.variant
        assert not any(c.adapter for c in candidates(router, "code"))


def test_a_backend_that_takes_none_loses_with_the_reason(tmp_path):
    with make_router(
        Loader([GENERAL_LARGE]), tmp_path, specialists={"general": {"adapter": str(save(tmp_path / "mine"))}}
    ) as router:
        router._services.registry.backends["plain"] = FakeBackend([GENERAL_SMALL], name="plain")
        lost = next(c for c in candidates(router) if c.backend == "plain")
    assert lost.rejected == "An adapter is set, and plain can't load it."
    assert not lost.usable


def test_without_a_backend_for_it_the_router_does_not_start(tmp_path):
    with pytest.raises(ConfigError, match=r"specialists\.general\.adapter is set, but no backend can load it\."):
        router_with(tmp_path, save(tmp_path / "mine"), backend=FakeBackend([GENERAL_SMALL]))


def test_a_wrong_base_is_refused_by_name(tmp_path):
    directory = save(tmp_path / "mine", base_model_name_or_path=CODER)
    with pytest.raises(ConfigError, match=rf"mine was trained for {CODER}, which is no model of the task 'general'"):
        router_with(tmp_path, directory)
    save(directory, base_model_name_or_path="meta/Llama-3-8B")
    with pytest.raises(ConfigError, match=r"trained for meta/Llama-3-8B, .* Its models: .*Qwen3-0\.6B"):
        router_with(tmp_path, directory)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"peft_type": "PROMPT_TUNING"}, r"an adapter of the type 'PROMPT_TUNING'\. Only LORA"),
        ({"base_model_name_or_path": None}, r"adapter_config\.json doesn't name its base model"),
    ],
)
def test_what_is_no_adapter_of_ours_is_refused(tmp_path, config, message):
    with pytest.raises(ConfigError, match=message):
        router_with(tmp_path, save(tmp_path / "mine", **config))


def test_missing_and_damaged_files_are_named(tmp_path):
    directory = save(tmp_path / "mine")
    weights, config = directory / "adapter_model.safetensors", directory / "adapter_config.json"
    weights.rename(directory / "adapter_model.bin")
    with pytest.raises(ConfigError, match=r"no adapter_model\.safetensors, only a pickle file\. Convert"):
        router_with(tmp_path, directory)
    config.write_text("{")
    with pytest.raises(ConfigError, match=r"can't read .*adapter_config\.json"):
        router_with(tmp_path, directory)
    config.write_text("[]")
    with pytest.raises(ConfigError, match="is no JSON object"):
        router_with(tmp_path, directory)
    with pytest.raises(ConfigError, match=r"elsewhere holds no adapter_config\.json\. Train one with"):
        router_with(tmp_path, tmp_path / "elsewhere")


def test_an_unknown_task_or_key_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match=r"specialists names 'maths', which is no task\. Did you mean math\?"):
        router_with(tmp_path, save(tmp_path / "mine"), task="maths")
    with pytest.raises(ConfigError, match=r"unknown key specialists\.math\.adaptor\. Did you mean adapter\?"):
        load_settings(specialists={"math": {"adaptor": "x"}})


@pytest.mark.parametrize(
    "name",
    [
        "Qwen/Qwen3-0.6B",
        "unsloth/qwen3-0.6b",
        "/models/Qwen3-0.6B/",
        "C:\\models\\Qwen3-0.6B",
        "/home/me/.cache/huggingface/hub/models--Qwen--Qwen3-0.6B/snapshots/c1899de2",
    ],
)
def test_a_base_is_known_by_id_name_and_directory(name):
    found = base_of(name, load_catalogue())
    assert found is not None
    assert found.id == GENERAL_SMALL
