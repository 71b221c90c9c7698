import math

import pytest

from qwen_router import Device, Offer, Resources, load_catalogue
from qwen_router.catalog import Quality, expected_load_seconds, expected_quality, expected_tokens_per_second
from qwen_router.catalog.quality import expected_qualities

CATALOGUE = load_catalogue()
BF16 = Offer(precision="bf16", format="safetensors")
BOX = Resources(ram_total=24 << 30, ram_free=20 << 30, cores=2, disk_free=1 << 40)


def gguf(kind, device="cpu"):
    return Offer(precision=kind, format="gguf", quant=kind, device=device)


def model(name, **changes):
    return CATALOGUE[f"Qwen/{name}"].model_copy(update=changes)


def test_larger_models_are_expected_to_be_better_and_slower():
    models = [model(f"Qwen3-{size}") for size in ("0.6B", "4B", "14B", "32B")]
    quality = [expected_quality(m, "general", thinking=False) for m in models]
    speed = [expected_tokens_per_second(m, BF16, "transformers", BOX) for m in models]
    assert quality == sorted(quality)
    assert speed == sorted(speed, reverse=True)
    assert expected_quality(models[1], "general", thinking=True) > quality[1]


def test_a_specialist_is_expected_to_be_better_at_its_task_than_at_others():
    special, general = model("Qwen2.5-Math-7B-Instruct"), model("Qwen2.5-7B-Instruct")
    assert expected_quality(special, "math", thinking=False) > expected_quality(general, "math", thinking=False)
    assert expected_quality(special, "code", thinking=False) < expected_quality(general, "code", thinking=False)


def test_a_task_without_published_scores_counts_as_general():
    m = model("Qwen3-8B")
    assert expected_quality(m, "cooking", thinking=False) == expected_quality(m, "general", thinking=False)


def test_a_model_without_scores_is_judged_by_its_size():
    small, large = (model(name, quality={}) for name in ("Qwen3-0.6B", "Qwen3-32B"))
    assert expected_quality(small, "math", thinking=True) < expected_quality(large, "math", thinking=False)


# Means of MMLU, C-Eval and IFEval in percent: bf16, GPTQ-Int8, and the mean of GPTQ-Int4 and AWQ, from
# https://qwen.readthedocs.io/en/latest/getting_started/quantization_benchmark.html
@pytest.mark.parametrize(
    ("name", "bf16", "int8", "int4"),
    [
        ("Qwen2-72B-Instruct", 81.3, 80.7, 80.8),
        ("Qwen2-7B-Instruct", 66.9, 66.2, 64.1),
        ("Qwen2-1.5B-Instruct", 48.4, 48.1, 45.75),
        ("Qwen2-0.5B-Instruct", 34.4, 32.6, 30.4),
    ],
)
def test_quantization_costs_what_the_documentation_measured(name, bf16, int8, int4):
    m = model(name, quality={"general": Quality(plain=bf16 / 100)})
    for precision, percent in (("int8", int8), ("awq", int4), ("nf4", int4)):
        offer = Offer(precision=precision, format="safetensors")
        assert expected_quality(m, "general", thinking=False, offer=offer) * 100 == pytest.approx(percent, abs=1.5)


def test_fewer_bits_are_never_expected_to_be_better():
    m = model("Qwen3-8B")
    kinds = ("q8_0", "q6_k", "q5_k_m", "q5_0", "q4_k_m", "q4_0", "q3_k_m", "q2_k")
    found = [expected_quality(m, "general", thinking=False, offer=gguf(kind)) for kind in kinds]
    assert found == sorted(found, reverse=True)
    assert found[0] < expected_quality(m, "general", thinking=False, offer=BF16)


# Measured once with one stream on two idle cores.
@pytest.mark.parametrize(
    ("name", "offer", "backend", "measured"),
    [
        ("Qwen2.5-Coder-0.5B-Instruct", gguf("q4_k_m"), "llama_cpp", 60),
        ("Qwen2.5-Coder-1.5B-Instruct", gguf("q4_k_m"), "llama_cpp", 36),
        ("Qwen2.5-Coder-0.5B-Instruct", BF16, "transformers", 17),
        ("Qwen2.5-Coder-0.5B-Instruct", Offer(precision="fp32", format="safetensors"), "transformers", 8),
    ],
)
def test_the_speed_of_two_cores_is_about_what_was_measured(name, offer, backend, measured):
    assert expected_tokens_per_second(model(name), offer, backend, BOX) == pytest.approx(measured, rel=0.35)


def test_speed_follows_the_bandwidth_and_the_active_parameters():
    gpu = Device(kind="cuda", name="x", total=80 << 30, free=80 << 30, bandwidth=2e12)
    fast = BOX.model_copy(update={"devices": (gpu,)})
    on_gpu = BF16.model_copy(update={"device": "cuda"})
    dense, mixture = model("Qwen3-32B"), model("Qwen3-30B-A3B")
    slow = expected_tokens_per_second(dense, BF16, "transformers", BOX)
    assert expected_tokens_per_second(dense, on_gpu, "transformers", fast) > 5 * slow
    assert expected_tokens_per_second(mixture, BF16, "transformers", BOX) > 4 * slow


def test_a_served_model_is_there_at_once():
    assert expected_load_seconds(model("Qwen3-8B"), Offer(precision="served", format="served"), "openai_api") == 0
    assert expected_load_seconds(model("Qwen3-8B"), BF16, "transformers") > 10


def test_published_scores_of_different_benchmarks_become_comparable():
    # One model only has scores on an easy benchmark, one only on a hard one, and a third on both.
    models = [model("Qwen2.5-7B-Instruct", id=f"Qwen/Qwen2.5-{n}") for n in "abc"]
    easy, hard = ("GSM8K", False, 90.0), ("AIME24", False, 20.0)
    found = expected_qualities(models, [[easy], [hard], [easy, hard]])
    a, b, c = (f["math"] for f in found)
    assert a.plain == pytest.approx(b.plain, abs=0.05)
    assert (a.scores, b.scores, c.scores) == (1, 1, 2)
    worse = expected_qualities(models, [[("GSM8K", False, 60.0)], [hard], [easy, hard]])[0]["math"]
    assert worse.plain < a.plain - 0.1


def test_a_model_without_scores_is_drawn_towards_its_kin():
    models = [model(f"Qwen3-{size}") for size in ("4B", "8B", "14B")]
    scores = [[("MATH", False, 60.0)], [], [("MATH", False, 80.0)]]
    low, between, high = (f["math"].plain for f in expected_qualities(models, scores))
    assert low < between < high


def test_every_text_model_has_a_quality_for_each_of_its_modes():
    for m in CATALOGUE.values():
        if m.specialty in ("embedding", "guard") or m.variant == "captioner":
            continue
        assert {"general", "math", "code"} <= m.quality.keys()
        for q in m.quality.values():
            assert (q.plain is None) == (m.thinking == "only")
            assert (q.thinking is None) == (m.thinking == "none")
            assert all(v is None or (0 < v < 1 and math.isfinite(v)) for v in (q.plain, q.thinking))
