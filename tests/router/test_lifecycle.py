"""Plugins are told when a router starts and when it is closed."""

import pytest
from conftest import GENERAL_SMALL, make_router

from qwen_router import ConfigError, Hints, PluginError, Router, Settings, hookimpl
from qwen_router.testing import FakeBackend


class Lived:
    def __init__(self, error=None):
        self.told = []
        self.error = error

    @hookimpl
    def start(self, settings, status):
        self.status = status
        self.told.append(f"start {settings.log.level}")
        if self.error:
            raise self.error

    @hookimpl
    def stop(self):
        self.told.append("stop")
        if self.error:
            raise self.error


def test_a_plugin_lives_as_long_as_its_router():
    plugin = Lived()
    router = Router(Settings(), plugins=[plugin])
    assert plugin.told == ["start warning"]
    router.close()
    router.close()
    assert plugin.told == ["start warning", "stop"]


def test_what_the_router_does_can_be_looked_at(tmp_path):
    plugin = Lived()
    with make_router(FakeBackend([GENERAL_SMALL]), tmp_path) as router:
        router._services.manager.register(plugin)
        router._services.start()
        assert plugin.status().loaded == ()
        router.invoke("hello", hints=Hints(task="general"))
        [loaded] = plugin.status().loaded
        assert (loaded.model, loaded.device, loaded.users) == (GENERAL_SMALL, "remote", 0)
        assert (plugin.status().calls, plugin.status().waiting, plugin.status().faults) == (0, 0, {})


@pytest.mark.parametrize(("error", "raised"), [(ConfigError("no", "do"), ConfigError), (OSError("x"), PluginError)])
def test_a_failing_start_stops_the_router_and_those_that_started(error, raised, caplog):
    class Second(Lived):
        pass

    first = Lived()
    with pytest.raises(raised):
        Router(Settings(), plugins=[first, Second(error)])
    assert first.told == ["start warning", "stop"]
    assert "failed in stop()" in caplog.text
