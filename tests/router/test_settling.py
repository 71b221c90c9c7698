"""Whatever becomes of a call, its guards are told when it is over."""

import asyncio
import threading

import pytest
from conftest import Reply, make_router

from qwen_router import BackendError, Hints, InputError, NoModelFits, Verdict, hookimpl

GENERAL = Hints(task="general", thinking=False)


class Ledger:
    def __init__(self):
        self.open = 0
        self.settled = []

    @hookimpl
    def check_request(self, request):
        self.open += 1

    @hookimpl
    def settle(self, request, answer, usage):
        self.open -= 1
        self.settled.append((answer, usage))


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def settling(backend, tmp_path, ledger):
    with make_router(backend, tmp_path) as router:
        router._services.manager.register(ledger)
        yield router
    assert ledger.open == 0


def test_an_answer_is_settled_with_what_it_took(settling, backend, ledger):
    backend.replies.append(Reply("one two three"))
    answer = settling.invoke("hello", hints=GENERAL)
    [(settled, usage)] = ledger.settled
    assert settled == answer
    assert usage == answer.usage
    assert usage.output_tokens == 3


def test_a_call_that_fails_at_once_took_nothing(settling, backend, ledger):
    backend.replies.append(Reply(error=BackendError("broken")))
    with pytest.raises(BackendError):
        settling.invoke("hello", hints=GENERAL)
    [(answer, usage)] = ledger.settled
    assert answer is None
    assert (usage.input_tokens, usage.output_tokens) == (0, 0)


def test_a_call_that_breaks_off_took_what_was_said(settling, backend, ledger):
    backend.replies.append(Reply("one two three", error=BackendError("broken")))
    with pytest.raises(BackendError):
        settling.invoke("hello", hints=GENERAL)
    assert ledger.settled[0][1].output_tokens == 3


def test_a_call_for_which_no_model_fits_took_nothing(settling, ledger):
    with pytest.raises(NoModelFits):
        settling.invoke("hello", hints=Hints(task="vision"))
    assert ledger.settled[0][1].output_tokens == 0


def test_what_a_later_guard_denies_or_can_not_read_is_settled(settling, ledger):
    class Later:
        @hookimpl
        def check_request(self, request):
            if "unreadable" in request.text:
                raise InputError("It can't be read.")
            return Verdict(action="deny", kind="test", why="no")

    settling._services.manager.register(Later())
    assert settling.invoke("hello").refused
    assert settling.explain("hello").denied is not None
    with pytest.raises(InputError):
        settling.invoke("unreadable")
    assert len(ledger.settled) == 3


async def test_a_cancelled_call_is_settled(settling, backend, ledger):
    hold = threading.Event()
    backend.replies.append(Reply("one two three", wait=hold))
    stream = settling.astream("hello", hints=GENERAL)
    assert (await anext(stream)).text == "one "
    await stream.aclose()
    for _ in range(500):
        if ledger.settled:
            break
        await asyncio.sleep(0.01)
    [(answer, usage)] = ledger.settled
    assert answer is None
    assert usage.output_tokens == 1


def test_explaining_is_settled_and_takes_nothing(settling, ledger):
    settling.explain("hello")
    [(answer, usage)] = ledger.settled
    assert answer is None
    assert usage.output_tokens == 0
