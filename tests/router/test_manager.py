import sys
import textwrap

import pytest

from qwen_router import PluginError, Settings, hookimpl
from qwen_router.manager import BUILTINS, build_manager
from qwen_router.registry import Registry
from qwen_router.specialist import Specialist

ALLOW = Settings(plugins={"allow": ("thirdparty",)})


class Other(Specialist):
    name, task, ladder = "other", "math", ("Qwen/Qwen3-8B",)


class Twin(Specialist):
    name, task, ladder = "qwen_math", "sums", ("Qwen/Qwen3-8B",)


def plugin(result):
    class Plugin:
        @hookimpl
        def specialists(self):
            if isinstance(result, Exception):
                raise result
            return result

    return Plugin()


def registry(result):
    return Registry.of(build_manager(Settings(), [plugin(result)]), Settings())


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a distribution with an entry point, and return where its code goes."""

    def install(code, name="thirdparty"):
        (tmp_path / f"{name}_module.py").write_text(textwrap.dedent(code))
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[qwen_router]\n{name} = {name}_module\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    yield install
    sys.modules.pop("thirdparty_module", None)


def test_every_builtin_is_an_ordinary_plugin():
    manager = build_manager(Settings())
    assert [name for name, _ in manager.list_name_plugin()] == list(BUILTINS)


def test_the_last_registered_specialist_serves_a_task():
    assert isinstance(registry([Other()]).specialist("math"), Other)


def test_a_taken_name_names_both_plugins():
    with pytest.raises(PluginError, match=r"qwen_router_plugins\.specialists and Plugin both add a Specialist named"):
        registry([Twin()])


def test_the_wrong_type_and_a_raising_plugin_are_named():
    with pytest.raises(PluginError, match=r"Plugin returned 'x' from specialists\(\)"):
        registry(["x"])
    with pytest.raises(PluginError, match=r"Plugin failed in specialists\(\): KeyError") as caught:
        registry(KeyError("x"))
    assert caught.value.plugin == "Plugin"


def test_a_misspelled_hook_is_an_error():
    class Misspelled:
        @hookimpl
        def specialist(self):
            return []

    with pytest.raises(PluginError, match="unknown hook 'specialist'"):
        build_manager(Settings(), [Misspelled()])


def test_what_is_not_allowed_is_not_even_imported(installed):
    installed("raise SystemExit('imported')")
    assert build_manager(Settings()).is_blocked("thirdparty")
    assert "thirdparty_module" not in sys.modules


def test_what_is_allowed_is_loaded(installed):
    installed(
        """
        from qwen_router import Specialist, hookimpl

        class Law(Specialist):
            name, task, ladder = "law", "law", ("Qwen/Qwen3-8B",)

        @hookimpl
        def specialists():
            return [Law()]
        """
    )
    assert "law" in Registry.of(build_manager(ALLOW), ALLOW).specialists


def test_a_plugin_that_can_not_be_imported_is_named(installed):
    installed("import nothing_of_that_name")
    with pytest.raises(PluginError, match="thirdparty can't be imported"):
        build_manager(ALLOW)
