"""Calls one plugin's implementation of a hook, so that its fault can be told from the others'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def call_impl(impl: Any, values: Mapping[str, Any]) -> Any:
    """Call an implementation with the arguments that it takes, as pluggy does.

    Args:
        impl: A `pluggy.HookImpl`.
        values: All arguments of the hook, by name.
    """
    return impl.function(**{name: values[name] for name in impl.argnames})
