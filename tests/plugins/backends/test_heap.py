import gc
import weakref

import pytest

from qwen_router_plugins.backends import heap


class Loop:
    def __init__(self):
        self.me = self


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_what_is_dropped_inside_is_collected(monkeypatch, platform):
    monkeypatch.setattr(heap.sys, "platform", platform)
    gc.disable()
    try:
        with heap.eager_heap():
            dropped = weakref.ref(Loop())
        assert dropped() is None
    finally:
        gc.enable()


def test_an_error_inside_goes_through():
    with pytest.raises(ValueError, match="broken"), heap.eager_heap():
        raise ValueError("broken")
