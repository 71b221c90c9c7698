"""Calls hooks where pluggy alone isn't enough: one plugin at a time, or with a look at the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qwen_router.errors import PluginError

if TYPE_CHECKING:
    import pluggy

    from qwen_router.catalog import Model
    from qwen_router.config import Settings
    from qwen_router.request import Request
    from qwen_router.types import Classification


def call_impl(impl: Any, values: Mapping[str, Any]) -> Any:
    """Call an implementation with the arguments that it takes, as pluggy does.

    Args:
        impl: A `pluggy.HookImpl`.
        values: All arguments of the hook, by name.
    """
    return impl.function(**{name: values[name] for name in impl.argnames})


def tokens_to_think(
    manager: pluggy.PluginManager, request: Request, classification: Classification, model: Model, settings: Settings
) -> int:
    """Ask the `think` hook for the most tokens of a thought; 0 is none.

    Raises:
        PluginError: A plugin answered something else than a number of tokens or a bool.
    """
    values = {"request": request, "classification": classification, "model": model, "settings": settings}
    answer = manager.hook.think(**values)
    if answer is True:
        return settings.thinking.max_tokens
    if answer is None or (isinstance(answer, int) and answer >= 0):
        return int(answer or 0)
    impls = [i for i in reversed(manager.hook.think.get_hookimpls()) if not (i.wrapper or i.hookwrapper)]
    # The first that doesn't abstain has answered.
    plugin = next((i.plugin_name for i in impls if call_impl(i, values) is not None), "that wraps think()")
    raise PluginError(
        f"The plugin {plugin} returned {answer!r} from think().",
        "It must return a number of tokens, 0 for no thought, a bool or None.",
        plugin=plugin,
    )
