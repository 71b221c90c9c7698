"""Opens the place where quotas are counted."""

from __future__ import annotations

from limits.errors import ConfigurationError
from limits.storage import MemoryStorage, RedisStorage, storage_from_string

from qwen_router import ConfigError
from qwen_router_plugins.guards.quota.account import Ledger
from qwen_router_plugins.guards.quota.memory_ledger import MemoryLedger
from qwen_router_plugins.guards.quota.redis_ledger import RedisLedger
from qwen_router_plugins.guards.quota.request_rate import RequestRate


def open_storage(url: str) -> tuple[Ledger, RequestRate]:
    """Return the accounts for tokens and calls, and the counter of requests.

    `limits` counts requests and connects to the server. Accounts are our own: its windows can't give anything back.

    Raises:
        ConfigError: The address is of no known kind, or a package for it is missing.
    """
    what = f"quota.storage is {_public(url)!r}"
    try:
        storage = storage_from_string(url)
    except (ConfigurationError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".").replace(url, _public(url))
        raise ConfigError(
            f"{what}: {reason}.", "Take memory:// or redis://HOST:PORT/DB, and run `pip install 'qwen-router[redis]'`."
        ) from None
    if isinstance(storage, MemoryStorage):
        return MemoryLedger(), RequestRate(storage)
    if isinstance(storage, RedisStorage):
        return RedisLedger(storage.storage), RequestRate(storage)
    raise ConfigError(f"{what}, and tokens can't be counted there.", "Take memory:// or redis://HOST:PORT/DB.")


def _public(url: str) -> str:
    """Return an address without its password."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
