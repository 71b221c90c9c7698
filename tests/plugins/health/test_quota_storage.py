import pytest

from qwen_router import Settings
from qwen_router_plugins.health.quota_storage import health


def looked(storage, **user):
    return health(Settings(quota={"storage": storage, "user": user}))


def test_without_quotas_or_a_server_there_is_nothing_to_say():
    assert looked("redis://127.0.0.1:1/0") is None
    assert looked("memory://", concurrent=1) is None


def test_a_server_that_is_down_makes_the_router_unhealthy():
    pytest.importorskip("redis", reason="The extra is not installed: pip install 'qwen-router[redis]'")
    found = looked("redis://127.0.0.1:1/0", concurrent=1)
    assert (found.check, found.status) == ("quotas", "unhealthy")
    assert "mend quota.storage" in found.recommendation


def test_an_address_of_no_known_kind_is_said_with_the_fix():
    found = looked("nowhere://", concurrent=1)
    assert found.status == "unhealthy"
    assert "'nowhere://'" in found.measured
    assert "Take memory:// or redis://" in found.recommendation


def test_a_server_that_answers_is_healthy(redis_url):
    assert looked(redis_url, requests_per_minute=5).status == "healthy"
