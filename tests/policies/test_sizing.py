import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router import (
    Candidate,
    Classification,
    Device,
    NoModelFits,
    Offer,
    Request,
    Resources,
    Settings,
)
from qwen_router_policies.sizing import fitness, size

GIB = 2**30
MACHINE = Resources(ram_total=16 * GIB, ram_free=10 * GIB, cores=4, disk_free=100 * GIB)


def candidate(model="a", *, gib=1.0, speed=20.0, quality=0.5, device="cpu", **fields):
    offer = Offer(precision="q4_k_m", format="gguf", device=device)
    fields = {"source": "local", **fields}
    return Candidate(
        model=model,
        offer=offer,
        backend="b",
        memory_bytes=int(gib * GIB),
        tokens_per_second=speed,
        quality=quality,
        context=8192,
        **fields,
    )


def of(difficulty):
    return Classification(scores={"general": 1.0}, task="general", difficulty=difficulty)


def choose(candidates, *, difficulty=0.5, machine=MACHINE, request="Hello", deadline=None, **sizing):
    asked = Request.of(request, deadline=deadline)
    return size(candidates, of(difficulty), asked, machine, Settings(sizing=sizing))


SMALL = candidate("small", gib=1, speed=60, quality=0.5)
LARGE = candidate("large", gib=4, speed=12, quality=0.8)


def test_hard_requests_take_the_best_and_easy_ones_the_smallest():
    assert choose([SMALL, LARGE], difficulty=0.9).winner.model == "large"
    assert choose([SMALL, LARGE], difficulty=0.01).winner.model == "small"


@pytest.mark.parametrize(("prefer", "model"), [("quality", "large"), ("speed", "small"), ("memory", "small")])
def test_the_operator_prefers(prefer, model):
    assert choose([SMALL, LARGE], difficulty=0.9, prefer=prefer).winner.model == model


def test_a_warm_model_wins_within_the_slack():
    warm = candidate("warm", quality=0.797, speed=12, warm=True)
    assert choose([warm, LARGE], difficulty=0.9).winner.model == "warm"
    assert choose([warm, LARGE], difficulty=0.9, warm_slack=0.0).winner.model == "large"


def test_own_models_come_before_stand_ins_that_are_not_much_better():
    stand_in = candidate("stand-in", quality=0.6, own=False)
    choice = choose([SMALL, stand_in], difficulty=1)
    assert choice.winner.model == "small"
    reason = next(c.rejected for c in choice.candidates if not c.own)
    assert reason == "Expected quality 60% against 50% of the specialist's own model."
    better = candidate("better", quality=0.65, own=False)
    assert choose([SMALL, better], difficulty=1).winner.model == "better"


def test_slow_ones_serve_only_when_there_is_nothing_faster():
    slow = candidate("slow", speed=1, quality=0.99)
    assert choose([SMALL, slow], difficulty=1).winner.model == "small"
    assert choose([slow], difficulty=1).winner.model == "slow"


def test_every_loser_has_its_reason():
    choice = choose(
        [
            SMALL,
            LARGE,
            candidate("huge", gib=100),
            candidate("away", on_disk=False, download_bytes=GIB),
            candidate("nobody", source=""),
        ],
        difficulty=1,
    )
    reasons = {c.model: c.rejected for c in choice.candidates}
    assert reasons.pop("large") is None
    assert reasons["huge"] == "Needs 100.0 GiB; models may take 8.0 GiB here."
    assert reasons["away"] == "Not on disk: qwen-router pull away"
    assert reasons["nobody"] == "No weight source has its files."
    assert reasons["small"] == "Expected quality 50% is below the winner's 80%."
    assert {c.model for c in choice.candidates if not c.usable} == {"huge", "away", "nobody"}


def test_an_accelerators_memory_counts_for_it():
    gpu = Device(kind="cuda", name="x", total=24 * GIB, free=20 * GIB)
    big = candidate("big", gib=15, quality=0.9, device="cuda")
    assert choose([SMALL, big], difficulty=1, machine=MACHINE.model_copy(update={"devices": (gpu,)})).winner == big
    assert choose([SMALL, big], difficulty=1).winner.model == "small"


def test_nothing_fits_names_the_smallest_and_what_it_needs():
    with pytest.raises(NoModelFits, match=r"the smallest here, b at q4_k_m: Needs 20\.0 GiB; models may take 8\.0 GiB"):
        choose([candidate("a", gib=50), candidate("b", gib=20)])


def test_nothing_on_disk_names_the_smallest_fetch():
    away = [candidate(n, on_disk=False, download_bytes=size * GIB) for n, size in (("a", 9), ("b", 2))]
    with pytest.raises(NoModelFits, match=r"qwen-router pull b \(2\.0 GiB, 1\.0 GiB of memory\)"):
        choose(away)


def test_nothing_to_be_had_says_how_to_get_something():
    with pytest.raises(NoModelFits, match=r"qwen-router\[embedded\]"):
        choose([candidate("a", source="")])


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.sampled_from("abcdefgh"),
        gib=st.floats(0.1, 20),
        speed=st.floats(0.5, 100),
        quality=st.floats(0, 1),
        warm=st.booleans(),
        own=st.booleans(),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda c: c.model,
)


def chosen(candidates, **kwargs):
    try:
        return choose(candidates, **kwargs).winner
    except NoModelFits:
        return None


@given(CANDIDATES, st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_never_matters(candidates, difficulty, random):
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert chosen(candidates, difficulty=difficulty) == chosen(shuffled, difficulty=difficulty)


@given(CANDIDATES, st.floats(0, 1), st.integers(1, 32))
def test_the_budget_is_never_exceeded(candidates, difficulty, free):
    machine = MACHINE.model_copy(update={"ram_free": free * GIB})
    winner = chosen(candidates, difficulty=difficulty, machine=machine)
    if winner is not None and not winner.warm:
        assert winner.memory_bytes <= int(0.8 * free * GIB)


def rank(winner):
    """The order that the policy promises never to go down in."""
    return (-1,) if winner is None else (winner.tokens_per_second >= 5, fitness(winner))


@given(CANDIDATES, st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.3, 0.8, 1.0]))
def test_harder_never_picks_a_worse_model(candidates, one, other, target):
    easy, hard = sorted((one, other))
    first, second = (chosen(candidates, difficulty=d, target_quality=target) for d in (easy, hard))
    assert rank(second) >= rank(first)


@given(CANDIDATES, st.floats(0, 1), st.integers(1, 32), st.integers(1, 32), st.sampled_from([0.3, 0.8, 1.0]))
def test_more_memory_never_picks_a_worse_model(candidates, difficulty, one, other, target):
    less, more = (MACHINE.model_copy(update={"ram_free": free * GIB}) for free in sorted((one, other)))
    options = {"difficulty": difficulty, "target_quality": target}
    assert rank(chosen(candidates, machine=more, **options)) >= rank(chosen(candidates, machine=less, **options))


def test_a_larger_one_that_is_as_good_wins_only_by_being_sooner_done():
    twin = candidate("twin", gib=5, quality=0.8, speed=40)
    assert choose([LARGE, twin], difficulty=1).winner.model == "twin"
    slower = candidate("slower", gib=5, quality=0.8, speed=8)
    assert choose([LARGE, slower], difficulty=1).winner.model == "large"


def test_the_target_is_good_enough():
    small, large = (c.model_copy(update={"own": False}) for c in (SMALL, LARGE))
    assert choose([small, large], difficulty=0.5, target_quality=0.5).winner.model == "small"
    assert choose([small, large], difficulty=0.5, target_quality=0.7).winner.model == "large"
    assert choose([small, large], difficulty=0.5, target_quality=0.7, prefer="speed").winner.model == "large"
    assert choose([small, large], difficulty=0.5, target_quality=0.9, prefer="memory").winner.model == "large"


def test_a_deadline_rules_out_what_comes_too_late():
    # 300 tokens at 12 a second take 25 s, at 60 a second 5 s.
    choice = choose([SMALL, LARGE], difficulty=1, deadline=20)
    assert choice.winner.model == "small"
    assert "Too late: about 25 s expected, the deadline is in 20 s." in [c.rejected for c in choice.candidates]
    cold = SMALL.model_copy(update={"load_seconds": 30.0})
    assert choose([cold, LARGE], difficulty=1, deadline=26).winner.model == "large"


@pytest.mark.parametrize(
    ("rule", "allowed"), [("any", {"yes", "conditional", "no", "unknown"}), ("commercial", {"yes", "conditional"}),
                          ("open", {"yes"})]
)  # fmt: skip
def test_the_licence_rule_leaves_out_what_it_forbids(rule, allowed):
    each = [candidate(use, commercial_use=use) for use in ("yes", "conditional", "no", "unknown")]
    usable = {c.model for c in choose(each, licence=rule).candidates if c.usable}
    assert usable == allowed


def test_a_licence_rule_that_leaves_nothing_says_so():
    with pytest.raises(NoModelFits, match=r"No model for this task may be used: sizing\.licence is 'open'"):
        choose([candidate("a", commercial_use="no")], licence="open")


def test_a_model_that_does_not_speak_the_language_is_left_out():
    foreign = candidate("foreign", quality=0.99, speaks=False)
    assert choose([foreign, SMALL], difficulty=1).winner.model == "small"


def test_a_model_that_always_thinks_serves_an_easy_request_only_alone():
    thinker = candidate("thinker", quality=0.99, thinking=True, overthinks=True)
    choice = choose([thinker, SMALL], difficulty=0.1)
    assert choice.winner.model == "small"
    assert choice.candidates[0].rejected == "It always thinks, and this request doesn't call for it."
    assert choose([thinker], difficulty=0.1).winner.model == "thinker"


def test_a_context_that_is_too_short_is_left_out():
    short = candidate("short", quality=0.99).model_copy(update={"context": 100})
    choice = choose([short, SMALL], difficulty=1, request="word " * 200)
    assert choice.winner.model == "small"
    assert "too short for a prompt of about" in next(c.rejected for c in choice.candidates if c.model == "short")


def test_budgets_replace_the_share_of_what_is_free():
    assert choose([SMALL, LARGE], difficulty=1, ram_budget="3GiB").winner.model == "small"
    assert (
        choose([SMALL, candidate("nine", gib=9, quality=0.9)], difficulty=1, ram_budget="10GiB").winner.model == "nine"
    )
    gpu = Device(kind="cuda", name="x", total=24 * GIB, free=20 * GIB)
    big = candidate("big", gib=15, quality=0.9, device="cuda")
    machine = MACHINE.model_copy(update={"devices": (gpu,)})
    assert choose([SMALL, big], difficulty=1, machine=machine, vram_budget="10GiB").winner.model == "small"


def test_memory_that_cpu_and_accelerator_share_is_spent_once():
    mac = MACHINE.model_copy(
        update={"devices": (Device(kind="mps", name="x", total=12 * GIB, free=12 * GIB, unified=True),)}
    )
    big = candidate("big", gib=9, quality=0.9, device="mps")
    assert choose([SMALL, big], difficulty=1, machine=mac).winner.model == "small"
