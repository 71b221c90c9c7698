"""Where model files come from."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router import WeightSource, hookimpl


@hookimpl
def weight_sources() -> Sequence[WeightSource]:
    """Return the sources; `weights.sources` orders them."""
    from qwen_router_plugins.weight_sources.embedded import EmbeddedSource
    from qwen_router_plugins.weight_sources.hub import HubSource
    from qwen_router_plugins.weight_sources.local import LocalSource
    from qwen_router_plugins.weight_sources.modelscope import ModelScopeSource

    return LocalSource(), HubSource(), ModelScopeSource(), EmbeddedSource()
