import pluggy

from qwen_router import hookimpl
from qwen_router.events import Events, Planned
from qwen_router.hookspecs import PROJECT
from qwen_router.manager import build_manager
from qwen_router.types import Plan, Step

EVENT = Planned("r", plan=Plan(steps=(Step(id="1", task="math", prompt="x"),)))


class Seen:
    def __init__(self):
        self.events = []

    @hookimpl
    def observe(self, event):
        self.events.append(event)


class Broken:
    @hookimpl
    def observe(self, event):
        raise RuntimeError("no disk")


def test_a_raising_observer_hides_nothing_from_the_others_and_is_logged_once(caplog):
    manager = pluggy.PluginManager(PROJECT)
    from qwen_router import hookspecs

    manager.add_hookspecs(hookspecs)
    first, last = Seen(), Seen()
    for plugin in (first, Broken(), last):
        manager.register(plugin)
    events = Events(manager)
    events.emit(EVENT)
    events.emit(EVENT)
    assert first.events == last.events == [EVENT, EVENT]
    assert list(events.faults.values()) == [2]
    assert len([r for r in caplog.records if "failed on Planned" in r.message]) == 1


def test_the_log_observer_writes_no_content(caplog):
    from qwen_router import Settings
    from qwen_router.events import Failed

    caplog.set_level("INFO", logger="qwen_router.calls")
    Events(build_manager(Settings())).emit(Failed("r", error=ValueError("the secret text")))
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text
