"""The backend: what it offers, and what stops it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qwen_router.backend import ModelFiles
from qwen_router.catalog import load_catalogue
from qwen_router.choice import Candidate, Offer
from qwen_router.errors import BackendError, BackendUnavailable, OutOfMemory, WeightsError
from qwen_router.resources import Device, Resources, probe
from qwen_router.settings_file import load_settings
from qwen_router_plugins.backends.llama_cpp import LlamaCppBackend, backend

MODEL = load_catalogue()["Qwen/Qwen2.5-Coder-0.5B-Instruct"]
OFFER = Offer(precision="q4_k_m", format="gguf", quant="q4_k_m")
CANDIDATE = Candidate(
    model=MODEL.id, offer=OFFER, backend="llama_cpp", memory_bytes=1, tokens_per_second=1, quality=1, context=512
)
RESOURCES = Resources(ram_total=1, ram_free=1, cores=1, disk_free=1)
SETTINGS = load_settings(backends={"llama_cpp": {"parallel": 1, "threads": 1}})


def files(path: Path) -> ModelFiles:
    return ModelFiles(path=path, format="gguf", source="test")


def test_every_official_file_is_offered():
    offers = LlamaCppBackend().offers(MODEL, SETTINGS, RESOURCES)
    assert {(o.precision, o.format, o.quant) for o in offers} == {
        (f.precision, "gguf", f.precision) for f in MODEL.gguf
    }
    assert OFFER.precision in {o.precision for o in offers}


def test_models_that_see_are_left_to_others():
    seeing = MODEL.model_copy(update={"modalities": ("image", "text")})
    assert LlamaCppBackend().offers(seeing, SETTINGS, RESOURCES) == ()
    assert LlamaCppBackend().offers(MODEL.model_copy(update={"gguf": ()}), SETTINGS, RESOURCES) == ()


def test_no_layers_on_an_accelerator_means_the_cpu(monkeypatch):
    monkeypatch.setattr(backend, "_device", lambda: "cuda")
    machine = RESOURCES.model_copy(update={"devices": (Device(kind="cuda", name="GPU", total=1, free=1),)})
    on = LlamaCppBackend().offers(MODEL, SETTINGS, machine)
    off = LlamaCppBackend().offers(MODEL, load_settings(backends={"llama_cpp": {"gpu_layers": 0}}), machine)
    assert {o.device for o in on} == {"cuda"}
    assert {o.device for o in off} == {"cpu"}


@pytest.mark.parametrize(("machine", "device"), [("mac-16gb", "mps"), ("gpu-24gb", "cuda"), ("laptop-8gb", "cpu")])
def test_a_recorded_machine_decides_on_the_device(monkeypatch, machine, device):
    file = Path(__file__).parents[3] / "machines" / f"{machine}.json"
    monkeypatch.setenv("QWEN_ROUTER_RESOURCES", str(file))
    monkeypatch.setattr(backend, "_device", lambda: "cuda")
    offers = LlamaCppBackend().offers(MODEL, SETTINGS, probe(file))
    assert {o.device for o in offers} == {device}


def test_what_is_missing_says_how_to_mend_it(monkeypatch):
    off = load_settings(backends={"llama_cpp": {"enabled": False}})
    assert "enabled = true" in (LlamaCppBackend().missing(off) or "")
    monkeypatch.setattr("qwen_router_plugins.backends.llama_cpp.backend.is_installed", lambda package: False)
    assert "pip install 'qwen-router[llama-cpp]'" in (LlamaCppBackend().missing(SETTINGS) or "")
    with pytest.raises(BackendUnavailable, match="pip install"):
        LlamaCppBackend().load(CANDIDATE, MODEL, files(Path("x")), SETTINGS)


def test_a_loaded_model_answers_and_gives_its_memory_back(embedded_gguf):
    psutil = pytest.importorskip("psutil")
    pytest.importorskip("xllamacpp")
    made = LlamaCppBackend().load(CANDIDATE, MODEL, files(embedded_gguf), SETTINGS)
    assert made.loaded.engine.context == 512
    assert made.model == MODEL.id
    assert made.top_k == MODEL.sampling.top_k
    assert made.invoke("Say hello.", max_tokens=2).usage_metadata["output_tokens"] == 2
    full = psutil.Process().memory_info().rss
    LlamaCppBackend().unload(made)
    assert full - psutil.Process().memory_info().rss > 250_000_000
    with pytest.raises(BackendError, match="The model was closed"):
        made.invoke("Say hello.")
    LlamaCppBackend().unload(made)


def test_a_file_that_is_no_model_is_a_weights_error(tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(WeightsError, match="is not a GGUF file"):
        LlamaCppBackend().load(CANDIDATE, MODEL, files(path), SETTINGS)


def test_a_model_that_llama_cpp_refuses_is_told_from_one_that_does_not_fit(monkeypatch, tmp_path):
    psutil = pytest.importorskip("psutil")

    def refuse(*_: object, **__: object) -> None:
        raise BackendError("no")

    monkeypatch.setattr("qwen_router_plugins.backends.llama_cpp.loaded.LoadedGguf", refuse)
    with pytest.raises(WeightsError, match=r"llama\.cpp can't load"):
        LlamaCppBackend().load(CANDIDATE, MODEL, files(tmp_path), SETTINGS)
    memory = psutil.virtual_memory()
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory._replace(available=1000))
    large = CANDIDATE.model_copy(update={"memory_bytes": 800_000_000})
    with pytest.raises(OutOfMemory, match=r"needs 0\.8 GB, but 0\.0 GB are free"):
        LlamaCppBackend().load(large, MODEL, files(tmp_path), SETTINGS)


def test_a_damaged_layer_does_not_end_the_process(embedded_gguf, tmp_path):
    """Rename one tensor: the header stays sound, but llama.cpp misses a weight."""
    pytest.importorskip("xllamacpp")
    path = tmp_path / "renamed.gguf"
    content = bytearray(embedded_gguf.read_bytes())
    at = content.index(b"blk.3.attn_q.weight")
    content[at : at + 5] = b"blk.x"
    path.write_bytes(content)
    del content
    with pytest.raises(WeightsError, match=r"llama\.cpp can't load"):
        LlamaCppBackend().load(CANDIDATE, MODEL, files(path), SETTINGS)


SCRIPT = """
import sys
from pathlib import Path
from qwen_router_plugins.backends.llama_cpp.chat import ChatLlamaCpp
from qwen_router_plugins.backends.llama_cpp.loaded import LoadedGguf
loaded = LoadedGguf(Path(sys.argv[1]), context=512, parallel=1, threads=1)
stream = ChatLlamaCpp(loaded=loaded, model="m").stream("Count to a thousand.")
print("said", repr(next(stream).text), file=open(sys.argv[2], "w"))
"""


def test_llama_cpp_prints_nothing_and_a_process_may_end_amid_an_answer(embedded_gguf, tmp_path):
    pytest.importorskip("xllamacpp")
    said = tmp_path / "said"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(embedded_gguf), str(said)], capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert said.read_text().startswith("said '")


def test_the_memory_of_every_slot_is_foreseen():
    from qwen_router import Settings

    backend = LlamaCppBackend()
    assert backend.sequences(Settings()) == 2
    assert backend.sequences(Settings(backends={"llama_cpp": {"parallel": 5}})) == 5
