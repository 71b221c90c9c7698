"""Builds the plugin manager: built-ins first, then what the operator allows."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, TypeVar

import pluggy

from qwen_router import hookspecs
from qwen_router.config import Settings
from qwen_router.errors import PluginError, RouterError
from qwen_router.hooks import call_impl

BUILTINS = (
    "qwen_router_plugins.specialists",
    "qwen_router_plugins.backends",
    "qwen_router_plugins.weight_sources",
    "qwen_router_plugins.observers.log",
    "qwen_router_plugins.observers.metrics:MetricsObserver",
    "qwen_router_plugins.observers.telemetry:TelemetryObserver",
    "qwen_router_plugins.observers.traces:Traces",
    "qwen_router_plugins.health.quota_storage",
    # The guards, in the order in which they see a request: what is cheap first, and quotas when nothing else denies it.
    "qwen_router_policies.security",
    "qwen_router_plugins.guards.attachments",
    "qwen_router_policies.sanitising",
    "qwen_router_policies.attacks",
    "qwen_router_plugins.guards.pii",
    "qwen_router_plugins.guards.answers",
    "qwen_router_plugins.guards.quota:QuotaGuard",
    "qwen_router_policies.planning",
    "qwen_router_policies.thinking",
    "qwen_router_policies.sizing",
    "qwen_router_policies.escalation",
)


class Named(Protocol):
    """Something a plugin adds under a name."""

    @property
    def name(self) -> str:
        """The name it is known by."""


T = TypeVar("T", bound=Named)


def build_manager(settings: Settings, plugins: Iterable[object] = ()) -> pluggy.PluginManager:
    """Return a manager with every built-in, allowed and given plugin registered.

    Args:
        settings: Names the plugins that may load.
        plugins: Modules or objects with hook implementations, registered last, so that they are asked first.

    Raises:
        PluginError: A plugin can't be imported, or implements a hook that doesn't exist.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for name in BUILTINS:
        manager.register(_made(pkgutil.resolve_name(name)), name=name)
    for entry in entry_points(group=hookspecs.PROJECT):
        if _allowed(entry, settings.plugins.allow):
            _register(manager, _made(_imported(entry)), entry.name)
        else:
            manager.set_blocked(entry.name)
    for plugin in plugins:
        _register(manager, plugin, getattr(plugin, "__name__", type(plugin).__name__))
    return manager


def _register(manager: pluggy.PluginManager, plugin: object, name: str) -> None:
    """Register one plugin and refuse a hook nobody will call: most likely a misspelled one."""
    try:
        manager.register(plugin, name=name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(
            f"The plugin {name} is wrong: {error}.",
            "Compare its hooks with qwen_router.hookspecs.",
            plugin=name,
        ) from error
    except ValueError as error:
        raise PluginError(
            f"Two plugins are called {name}.", "Rename one, or allow only one in [plugins].", plugin=name
        ) from error


def _imported(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:
        raise PluginError(
            f"The plugin {entry.name} can't be imported: {error!r}.",
            "Mend it, or take it off `allow` in [plugins].",
            plugin=entry.name,
        ) from error


def _made(plugin: object) -> object:
    """Return an instance of a plugin that is a class: each router has its own, with its own state."""
    return plugin() if isinstance(plugin, type) else plugin


def _allowed(entry: EntryPoint, allow: Sequence[str]) -> bool:
    names = {entry.name, entry.dist.name if entry.dist else entry.name}
    return "*" in allow or not names.isdisjoint(allow)


def collect(manager: pluggy.PluginManager, hook: str, kind: type[T], settings: Settings) -> dict[str, T]:
    """Return what the plugins add through one hook, by name, in the order of registration.

    Raises:
        PluginError: A plugin raised, returned something else than `kind`, or took a name that is taken.
    """
    found: dict[str, T] = {}
    owners: dict[str, str] = {}
    for impl in getattr(manager.hook, hook).get_hookimpls():
        for item in _call(impl, settings, hook):
            if not isinstance(item, kind):
                raise PluginError(
                    f"The plugin {impl.plugin_name} returned {item!r} from {hook}().",
                    f"It must return {kind.__name__} objects.",
                    plugin=impl.plugin_name,
                )
            if item.name in owners:
                raise PluginError(
                    f"The plugins {owners[item.name]} and {impl.plugin_name} both add a {kind.__name__} "
                    f"named {item.name}.",
                    "Rename one, or allow only one in [plugins].",
                    plugin=impl.plugin_name,
                )
            owners[item.name] = impl.plugin_name
            found[item.name] = item
    return found


def _call(impl: Any, settings: Settings, hook: str) -> Sequence[Any]:
    try:
        return list(call_impl(impl, {"settings": settings}) or ())
    except RouterError:
        raise
    except Exception as error:
        raise PluginError(
            f"The plugin {impl.plugin_name} failed in {hook}(): {error!r}.",
            "Mend it, or take it off `allow` in [plugins].",
            plugin=impl.plugin_name,
        ) from error
