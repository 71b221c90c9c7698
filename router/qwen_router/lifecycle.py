"""Tells plugins that a router starts, and that it is closed."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pluggy

from qwen_router.config import Settings
from qwen_router.errors import PluginError, RouterError
from qwen_router.hooks import call_impl
from qwen_router.status import Status

_log = logging.getLogger(__name__)


def start(manager: pluggy.PluginManager, settings: Settings, status: Callable[[], Status]) -> None:
    """Tell every plugin that the router starts.

    Raises:
        RouterError: A plugin can't work with these settings.
        PluginError: A plugin failed otherwise.
    """
    for impl in manager.hook.start.get_hookimpls():
        try:
            call_impl(impl, {"settings": settings, "status": status})
        except RouterError:
            raise
        except Exception as error:
            raise PluginError(
                f"The plugin {impl.plugin_name} failed in start(): {error!r}.",
                "Mend it, or take it off `allow` in [plugins].",
                plugin=impl.plugin_name,
            ) from error


def stop(manager: pluggy.PluginManager) -> None:
    """Tell every plugin that the router is closed, one by one, so that a raising one can't keep it from the others."""
    for impl in manager.hook.stop.get_hookimpls():
        try:
            call_impl(impl, {})
        except Exception:
            _log.exception("The plugin %s failed in stop().", impl.plugin_name)
