"""What the wheel holds, and what importing it costs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import qwen_router

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_the_wheel_holds_three_packages_and_no_generic_name(wheel):
    top = {name.split("/")[0] for name in wheel.namelist()}
    packages = {name for name in top if not name.endswith(".dist-info")}
    assert packages == {"qwen_router", "qwen_router_plugins", "qwen_router_policies"}


def test_the_wheel_is_typed_licensed_and_carries_the_catalogue(wheel):
    names = wheel.namelist()
    for package in ("qwen_router", "qwen_router_plugins", "qwen_router_policies"):
        assert f"{package}/py.typed" in names
    assert "qwen_router/catalog/qwen_family.json" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_has_the_command_and_the_extras(wheel):
    read = {name.rpartition("/")[2]: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
    assert "qwen-router = qwen_router.cli:main" in read["entry_points.txt"]
    for extra in ("llama-cpp", "embedded", "openai", "dev"):
        assert f"Provides-Extra: {extra}" in read["METADATA"]


def test_importing_brings_none_of_the_heavy_libraries():
    heavy = ("torch", "transformers", "langgraph", "langchain_core", "numpy")
    code = f"import sys, qwen_router; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_types_alone_bring_neither_torch_nor_transformers_nor_langgraph():
    code = (
        "import sys; from qwen_router import Request, Settings, Specialist, hookimpl, load_settings; load_settings();"
        "print([m for m in ('torch', 'transformers', 'langgraph') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_every_exported_name_is_there_and_sorted():
    assert list(qwen_router.__all__) == sorted(qwen_router.__all__)
    for name in qwen_router.__all__:
        assert getattr(qwen_router, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Ruoter'"):
        _ = qwen_router.Ruoter


def test_the_constraints_pin_torch():
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()
