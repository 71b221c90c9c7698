"""Accelerators, with a torch that the test makes up."""

import sys
from types import SimpleNamespace

import pytest

from qwen_router import accelerators
from qwen_router.accelerators import chip, find_accelerators
from qwen_router.bandwidth import bandwidth_of
from qwen_router.resources import Device

GIB = 2**30


def torch(*devices, hip=None, mps=None):
    """Return a torch with these devices, each (name, total, free, integrated) or an error."""

    def ask(index):
        if isinstance(devices[index], Exception):
            raise devices[index]
        return devices[index]

    cuda = SimpleNamespace(
        is_available=lambda: bool(devices),
        device_count=lambda: len(devices),
        mem_get_info=lambda index: (ask(index)[2], ask(index)[1]),
        get_device_properties=lambda index: SimpleNamespace(name=ask(index)[0], is_integrated=ask(index)[3]),
    )
    return SimpleNamespace(
        cuda=cuda,
        version=SimpleNamespace(hip=hip),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps is not None)),
        mps=SimpleNamespace(recommended_max_memory=lambda: mps[0], driver_allocated_memory=lambda: mps[1]),
    )


@pytest.fixture
def found(monkeypatch):
    """Return what is found with a torch."""

    def find(made, ram_free=64 * GIB):
        monkeypatch.setitem(sys.modules, "torch", made)
        monkeypatch.setattr(accelerators, "_may_be_there", lambda: True)
        return find_accelerators(ram_free)

    return find


def test_every_device_has_its_own_memory(found):
    one, two = found(torch(("NVIDIA A10", 24, 20, 0), ("NVIDIA L4", 24, 23, 0)))
    assert one == Device(kind="cuda", name="NVIDIA A10", total=24, free=20, bandwidth=600e9)
    assert (two.name, two.free) == ("NVIDIA L4", 23)


def test_amds_are_torchs_cuda_too(found):
    (device,) = found(torch(("AMD Instinct MI300X", 192, 190, 0), hip="6.4.1"))
    assert (device.kind, device.rocm, device.bandwidth) == ("cuda", True, 5.3e12)


def test_a_device_that_refuses_is_left_out(found):
    (device,) = found(torch(RuntimeError("busy or unavailable"), ("NVIDIA L4", 24, 23, 0)))
    assert device.name == "NVIDIA L4"


def test_an_integrated_device_has_no_more_than_the_ram(found):
    (device,) = found(torch(("NVIDIA GB10", 120, 110, 1)), ram_free=70)
    assert (device.unified, device.free) == (True, 70)


def test_apples_gpu_shares_the_ram(found, monkeypatch):
    monkeypatch.setattr(accelerators, "chip", lambda: "Apple M2 Pro")
    (device,) = found(torch(mps=(12 * GIB, 2 * GIB)))
    assert device == Device(
        kind="mps", name="Apple M2 Pro", total=12 * GIB, free=10 * GIB, unified=True, bandwidth=200e9
    )
    assert found(torch(mps=(12 * GIB, 2 * GIB)), ram_free=3 * GIB)[0].free == 3 * GIB


def test_a_driver_without_a_device(found):
    assert found(torch()) == ()


@pytest.mark.parametrize(
    ("system", "machine", "there"), [("darwin", "arm64", True), ("darwin", "x86_64", False), ("win32", "AMD64", False)]
)
def test_torch_is_asked_only_where_a_driver_may_be(monkeypatch, system, machine, there):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert accelerators._may_be_there() is there


@pytest.mark.skipif(sys.platform == "darwin", reason="this is a Mac")
def test_only_apples_chips_are_named():
    assert chip() == ""


@pytest.mark.parametrize(
    ("name", "gigabytes"),
    [
        ("NVIDIA H200", 4800),
        ("NVIDIA H100 80GB HBM3", 3350),
        ("NVIDIA H100 PCIe", 2000),
        ("NVIDIA A100-SXM4-80GB", 2039),
        ("NVIDIA A100 80GB PCIe", 1935),
        ("A100-PCIE-40GB", 1555),
        ("NVIDIA L40S", 864),
        ("NVIDIA L4", 300),
        ("Tesla T4", 320),
        ("Tesla V100-SXM2-16GB", 900),
        ("NVIDIA GeForce RTX 4090", 1008),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 576),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", 672),
        ("NVIDIA GeForce RTX 4060 Ti", 288),
        ("NVIDIA GeForce RTX 3060", 360),
        ("NVIDIA RTX 6000 Ada Generation", 960),
        ("AMD Instinct MI300X", 5300),
        ("AMD Radeon RX 7900 XTX", 960),
        ("Apple M1", 68),
        ("Apple M3 Max", 300),
        ("Apple M4 Pro", 273),
    ],
)
def test_the_bandwidth_of_a_device_is_known_by_its_name(name, gigabytes):
    assert bandwidth_of(name) == gigabytes * 1e9


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Apple GPU",
        "NVIDIA GeForce GTX 750",
        # A slice of a card, and slower ones of the same number.
        "NVIDIA A100-SXM4-40GB MIG 1g.5gb",
        "NVIDIA GeForce RTX 2080 with Max-Q Design",
        "NVIDIA GeForce RTX 5090 Laptop GPU",
    ],
)
def test_an_unknown_one_is_not_guessed(name):
    assert bandwidth_of(name) is None
