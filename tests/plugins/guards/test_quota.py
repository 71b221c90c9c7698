import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import make_router

from qwen_router import ConfigError, Hints, Request, Sampling, Settings, Usage
from qwen_router.testing import FakeBackend
from qwen_router_plugins.guards.quota import QuotaGuard
from qwen_router_plugins.guards.quota.account import Claim
from qwen_router_plugins.guards.quota.memory_ledger import MemoryLedger

MODEL = "Qwen/Qwen3-0.6B"
CALLERS = 100


@pytest.fixture(params=["memory", "redis"])
def storage(request):
    if request.param == "memory":
        return "memory://"
    import redis

    url = request.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url


def settings(storage="memory://", **user):
    return Settings(quota={"storage": storage, "user": user}, thinking={"mode": "off"})


def request(tokens=10, user="ada"):
    return Request.of("hello", user=user, sampling=Sampling(max_new_tokens=tokens))


def denied(guard, request_, settings_):
    return guard.check_request(request_, settings_)


def test_a_hundred_callers_at_once_take_no_more_than_the_limit(storage):
    # Two guards: two processes that share the store, or one process where it is in memory.
    guards = [QuotaGuard(), QuotaGuard()] if storage != "memory://" else [QuotaGuard()] * 2
    rules = settings(storage, output_tokens_per_minute=100)
    with ThreadPoolExecutor(CALLERS) as threads:
        verdicts = list(threads.map(lambda i: denied(guards[i % 2], request(), rules), range(CALLERS)))
    assert sum(v is None for v in verdicts) == 10
    assert {v.kind for v in verdicts if v} == {"quota"}
    assert all(0 < v.retry_after <= 60 for v in verdicts if v)


async def test_a_hundred_tasks_of_a_router_take_no_more_than_the_limit(storage, tmp_path):
    backend = FakeBackend([MODEL], ["one two three four five six seven eight nine ten"] * CALLERS)
    quota = {"storage": storage, "user": {"output_tokens_per_minute": 100}}
    with make_router(backend, tmp_path, quota=quota, thinking={"mode": "off"}) as router:
        fields = {"hints": Hints(task="general"), "sampling": Sampling(max_new_tokens=10), "user": "ada"}
        answers = await asyncio.gather(*(router.ainvoke("hello", **fields) for _ in range(CALLERS)))
        passed = [a for a in answers if not a.refused]
        assert sum(a.usage.output_tokens for a in passed) == 100
        assert len(backend.calls) == len(passed) == 10
        assert all(a.decision.denied.retry_after > 0 for a in answers if a.refused)
        assert not (await router.ainvoke("hello", **{**fields, "user": "alan"})).refused


def test_what_was_not_taken_is_given_back(storage):
    guard, rules = QuotaGuard(), settings(storage, output_tokens_per_minute=100)
    big = request(90)
    assert denied(guard, big, rules) is None
    assert denied(guard, request(20), rules).why == (
        "The request may take 20 output tokens; 10 of 100 a minute are left."
    )
    guard.settle(big, Usage(output_tokens=30), rules)
    assert denied(guard, request(70), rules) is None
    assert denied(guard, request(1), rules) is not None


def test_what_was_taken_beyond_it_is_charged(storage):
    guard, rules = QuotaGuard(), settings(storage, output_tokens_per_minute=100)
    first = request(10)
    denied(guard, first, rules)
    guard.settle(first, Usage(output_tokens=500), rules)
    assert denied(guard, request(1), rules).why.endswith("0 of 100 a minute are left.")


def test_input_tokens_and_users_are_counted_apart(storage):
    guard, rules = QuotaGuard(), settings(storage, input_tokens_per_minute=30)
    assert denied(guard, request(), rules) is None
    assert denied(guard, request(), rules).why == "The request may take 17 input tokens; 13 of 30 a minute are left."
    assert denied(guard, request(user="alan"), rules) is None


def test_all_users_together_have_a_limit_too(storage):
    guard = QuotaGuard()
    rules = Settings(quota={"storage": storage, "total": {"concurrent": 2, "requests_per_minute": 3}})
    calls = [request(user=str(i)) for i in range(3)]
    assert [denied(guard, c, rules) is None for c in calls] == [True, True, False]
    assert denied(guard, calls[2], rules).why == "2 calls are running; 2 at the same time are allowed."
    guard.settle(calls[0], Usage(), rules)
    assert denied(guard, calls[2], rules) is None
    guard.settle(calls[1], Usage(), rules)
    refused = denied(guard, request(user="9"), rules)
    assert refused.why == "There were too many requests in the last minute."
    assert 0 < refused.retry_after <= 60
    # Its place among the concurrent calls went back.
    guard.settle(calls[2], Usage(), rules)
    assert guard._open == {}


def test_requests_are_counted_in_a_moving_window(storage):
    guard, rules = QuotaGuard(), settings(storage, requests_per_minute=10)
    with ThreadPoolExecutor(CALLERS) as threads:
        verdicts = list(threads.map(lambda _: denied(guard, request(), rules), range(CALLERS)))
    assert sum(v is None for v in verdicts) == 10


def test_one_request_sent_twice_at_the_same_time_counts_twice(storage):
    guard, rules = QuotaGuard(), settings(storage, concurrent=2)
    same = request()
    assert denied(guard, same, rules) is None
    assert denied(guard, same, rules) is None
    guard.settle(same, Usage(), rules)
    assert denied(guard, request(), rules) is None
    assert denied(guard, request(), rules) is not None


def test_what_can_never_pass_is_told_so():
    verdict = denied(QuotaGuard(), request(101), settings(output_tokens_per_minute=100))
    assert verdict.why == "The request may take 101 output tokens; 100 a minute are allowed."
    assert verdict.retry_after is None


def test_thoughts_count_unless_there_is_none():
    rules = Settings(quota={"user": {"output_tokens_per_minute": 1000}})
    assert "4,106 output tokens" in denied(QuotaGuard(), request(), rules).why
    off = request().model_copy(update={"hints": Hints(thinking=False)})
    assert denied(QuotaGuard(), off, rules) is None
    short = request().model_copy(update={"hints": Hints(thinking_budget=90)})
    assert denied(QuotaGuard(), short, rules) is None


def test_entries_run_out():
    ledger = MemoryLedger()
    claim = [Claim("a:output", 10, 10)]
    assert ledger.reserve("1", claim, 0.01) is None
    assert ledger.reserve("2", claim, 60) is not None
    time.sleep(0.02)
    assert ledger.reserve("2", claim, 60) is None


def test_without_limits_nothing_is_opened():
    guard = QuotaGuard()
    assert denied(guard, request(), Settings(quota={"storage": "redis://nowhere:1/0"})) is None
    guard.settle(request(), Usage(), Settings())


@pytest.mark.parametrize("url", ["nonsense", "ftp://me:secret@host/1", "memcached://localhost:1"])
def test_a_wrong_store_is_a_fault_of_the_configuration(url):
    with pytest.raises(ConfigError, match=r"quota\.storage") as caught:
        denied(QuotaGuard(), request(), settings(url, concurrent=1))
    assert "secret" not in str(caught.value)


def test_a_server_that_is_down_denies_in_one_line():
    pytest.importorskip("redis", reason="The extra is not installed: pip install 'qwen-router[redis]'")
    quota = {"storage": "redis://127.0.0.1:1", "user": {"requests_per_minute": 1}}
    verdict = QuotaGuard().check_request(Request.of("hello"), Settings(quota=quota))
    assert verdict.action == "deny"
    assert "doesn't answer" in verdict.why
