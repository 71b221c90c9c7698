"""Decisions come out of the store as they went in."""

from hypothesis import given
from hypothesis import strategies as st

from qwen_router import (
    Attempt,
    Candidate,
    Check,
    Choice,
    Classification,
    Decision,
    Escalation,
    Offer,
    Plan,
    Resources,
    Step,
)
from qwen_router.traces import Packer, Trace
from qwen_router.traces.packed import load
from qwen_router.traces.packing import SlateKey
from qwen_router.traces.unpacking import read_slate, unpack
from qwen_router.types import Shape, Verdict

MACHINE = Resources(ram_total=100, ram_free=50, cores=2, disk_free=1000)


class Store:
    """Keeps slates in memory."""

    def __init__(self):
        self.slates = []
        self.packer = Packer(self.keep)

    def keep(self, body):
        self.slates.append(body)
        return SlateKey(len(self.slates), 0)

    def back(self, decision):
        packed = self.packer.pack(decision)
        trace = Trace(*[None] * len(Trace._fields))._replace(
            request_id=decision.request_id, created=decision.created, user="", body=packed.body
        )
        return unpack(trace, load(packed.body), lambda number: read_slate(self.slates[number - 1]))


def candidate(model="a", **fields):
    defaults = {
        "offer": Offer(precision="q4_k_m", format="gguf", quant="q4_k_m"),
        "backend": "b",
        "memory_bytes": 1,
        "tokens_per_second": 1.5,
        "quality": 0.5,
        "context": 100,
    }
    return Candidate(model=model, **{**defaults, **fields})


def decision_of(*choices, **fields):
    attempts = tuple(Attempt(step="1", task="t", choice=choice, check=Check(status="accepted")) for choice in choices)
    return Decision(request_id="r", created=1.25, choices={"1": choices[-1]}, attempts=attempts, **fields)


changed = st.fixed_dictionaries(
    {},
    optional={
        "tokens_per_second": st.floats(0, 1e9),
        "quality": st.floats(0, 1),
        "rejected": st.none() | st.text(),
        "usable": st.booleans(),
        "thinking_budget": st.integers(0, 10**6),
        "warm": st.booleans(),
        # These make other candidates of them.
        "context": st.sampled_from([100, 200]),
        "model": st.sampled_from(["a", "b"]),
        "offer": st.builds(Offer, precision=st.sampled_from(["bf16", "nf4"]), format=st.just("safetensors")),
    },
)
machines = st.none() | st.builds(lambda free, cores: MACHINE.model_copy(update={"ram_free": free, "cores": cores}),
    st.integers(0, 10**12), st.integers(1, 4))  # fmt: skip


@st.composite
def choices(draw):
    candidates = tuple(candidate(**draw(changed)) for _ in range(draw(st.integers(0, 4))))
    winner = draw(st.sampled_from([*candidates, candidate("outside")]))
    return Choice(winner=winner, reason="why", candidates=candidates, tokens=3, resources=draw(machines))


@given(st.lists(st.lists(choices(), min_size=1, max_size=3), min_size=1, max_size=8))
def test_any_row_of_decisions_comes_back(groups):
    store = Store()
    for group in groups:
        decision = decision_of(*group)
        assert store.back(decision) == decision


def test_everything_else_of_a_decision_comes_back_too():
    decision = decision_of(
        Choice(winner=candidate(), reason="why"),
        request=Shape(turns=2, tokens=7, modalities=("image", "text"), task="math", thinking=False, deadline=2.5),
        classification=Classification(scores={"math": 1.0}, task="math", difficulty=0.123456789),
        plan=Plan(
            steps=(Step(id="1", task="math", prompt="x", needs=("2",), language="de"),), context="c", merged=True
        ),
        escalations=(Escalation(action="larger", why="it is wrong"),),
        denied=Verdict(action="deny", kind="k", why="no", fix="do", retry_after=2.0),
    )
    assert Store().back(decision) == decision
    assert Store().back(Decision(request_id="r", created=0.0)) == Decision(request_id="r", created=0.0)


def test_what_differs_little_shares_a_slate_until_the_differences_outgrow_it():
    store, losers = Store(), [candidate(f"m{at}") for at in range(50)]
    for at in range(1000):
        winner = candidate(tokens_per_second=float(at))
        store.packer.pack(decision_of(Choice(winner=winner, reason="", candidates=(winner, *losers))))
    assert 2 <= len(store.slates) <= 5


def test_texts_are_kept_as_they_are_to_be_kept():
    packer = Packer(
        lambda body: SlateKey(1, 0),
        text=lambda text: f"<{len(text)}>",
        exclude={"attempts": {"__all__": {"check": {"why"}}}},
    )
    attempt = Attempt(
        step="1", choice=Choice(winner=candidate(), reason=""), check=Check(status="rejected", why="secret")
    )
    plan = Plan(steps=(Step(id="1", task="t", prompt="secret"),), context="secret")
    packed = packer.pack(Decision(request_id="r", created=0, plan=plan, attempts=(attempt,)), "secret")
    assert "secret" not in packed.body
    assert packed.body.count("<6>") == 3
    assert packed.slate == SlateKey(1, 0)
