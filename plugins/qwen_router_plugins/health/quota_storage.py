"""Says whether the place where quotas are counted can be reached."""

from __future__ import annotations

from qwen_router import ConfigError, Finding, Settings, hookimpl
from qwen_router.config import QuotaLimits

_SECONDS = 2.0
_NONE = QuotaLimits()


@hookimpl
def health(settings: Settings) -> Finding | None:
    """Ask the server of `quota.storage` for a sign of life, where there are quotas and one counts them."""
    quota = settings.quota
    if quota.user == quota.total == _NONE or quota.storage.startswith("memory:"):
        return None
    # Late: a router without quotas needs no library for them.
    from limits.storage import storage_from_string

    from qwen_router_plugins.guards.quota.storage import open_storage

    try:
        open_storage(quota.storage)
    except ConfigError as error:
        return Finding(check="quotas", status="unhealthy", measured=error.what, recommendation=error.fix)
    storage = storage_from_string(quota.storage, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
    if storage.check():
        return Finding(check="quotas", measured="The server that counts quotas answers.")
    return Finding(
        check="quotas",
        status="unhealthy",
        measured="The server that counts quotas doesn't answer, so every request is denied.",
        recommendation="Start it, or mend quota.storage.",
    )
