import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from qwen_router import ConfigError, resources
from qwen_router.cgroup import Memory
from qwen_router.resources import Device, Resources, probe, usable_cores

MACHINES = sorted((Path(__file__).parents[1] / "machines").glob("*.json"))


def test_this_machine_is_measured(tmp_path):
    found = probe(tmp_path / "not" / "yet" / "there")
    assert 0 < found.ram_free <= found.ram_total <= psutil.virtual_memory().total
    assert 0 < found.ram_own < found.ram_total
    assert found.cores >= 1
    assert found.disk_free > 0


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("qwen_router.cgroup.memory", lambda: Memory(1_000_000_000, 300_000_000))
    found = probe(tmp_path)
    assert found.ram_total == 1_000_000_000
    assert found.ram_free == 300_000_000


def test_a_limit_above_the_machine_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr("qwen_router.cgroup.memory", lambda: Memory(1 << 62, 1 << 62))
    found = probe(tmp_path)
    assert found.ram_total == psutil.virtual_memory().total
    assert found.ram_free < found.ram_total


def test_what_others_take_is_neither_free_nor_ours():
    machine = Resources(ram_total=10, ram_free=4, ram_own=1, cores=1, disk_free=1)
    assert machine.ram_others == 5
    assert machine.model_copy(update={"ram_own": 9}).ram_others == 0


@pytest.mark.parametrize(
    ("bound", "quota", "expected"), [(64, None, 8), (3, None, 3), (64, 2.5, 2), (64, 0.5, 1), (4, 16.0, 4)]
)
def test_cores_are_physical_and_bounded_by_affinity_and_quota(monkeypatch, bound, quota, expected):
    monkeypatch.setattr("psutil.cpu_count", lambda logical: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(bound), raising=False)
    monkeypatch.setattr("qwen_router.cgroup.processors", lambda: quota)
    assert usable_cores() == expected


def test_the_accelerator_is_the_one_with_most_room():
    one, two = (Device(kind="cuda", name=str(free), total=10, free=free) for free in (3, 7))
    machine = Resources(ram_total=1, ram_free=1, cores=1, disk_free=1, devices=(one, two))
    assert machine.accelerator == two
    assert machine.model_copy(update={"devices": ()}).accelerator is None


@pytest.mark.skipif(sys.platform != "linux", reason="the drivers' files are looked for on Linux")
def test_without_an_accelerator_torch_is_not_imported(tmp_path):
    if any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists() or Path("/dev/dxg").exists():
        pytest.skip("this machine has an accelerator")
    code = (
        "import sys; from pathlib import Path; from qwen_router.resources import probe; probe(Path('.'));"
        "print([m for m in ('torch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_dozen_machines_are_recorded():
    assert len(MACHINES) == 12


@pytest.mark.parametrize("file", MACHINES, ids=lambda file: file.stem)
def test_a_recorded_machine_stands_for_this_one(file, tmp_path, monkeypatch):
    monkeypatch.setenv(resources.VARIABLE, str(file))
    found = probe(tmp_path)
    assert json.loads(found.model_dump_json()) == json.loads(file.read_text())
    assert 0 < found.ram_own < found.ram_free <= found.ram_total
    assert found.ram_others > 0
    for device in found.devices:
        assert 0 < device.free <= device.total
        assert device.bandwidth
        assert not device.unified or device.free <= found.ram_free


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"names .*m\.json, which doesn't exist\. Record one with `qwen-router machine --json > .*m\.json`, or"),
        (b"{", r"m\.json is no JSON: .*\. Record one with"),
        (b"\xff", r"m\.json is no JSON: .*\. Record one with"),
        (b"[]", r"m\.json is wrong: Input should be an object\. Record one with"),
        (b'{"ram_totl": 1}', r"m\.json has an unknown field ram_totl\. Did you mean ram_total\?"),
        (b'{"ram_total": "much"}', r"m\.json is wrong: ram_total: Input should be a valid integer"),
        (b'{"ram_total": 1}', r"m\.json is wrong: ram_free: Field required"),
    ],
)
def test_a_wrong_recorded_machine_is_one_line_with_the_fix(tmp_path, monkeypatch, content, message):
    file = tmp_path / "m.json"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(resources.VARIABLE, str(file))
    with pytest.raises(ConfigError, match=message) as caught:
        probe(tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_field_of_a_device_is_compared_with_those_of_devices(tmp_path, monkeypatch):
    machine = {"ram_total": 1, "ram_free": 1, "cores": 1, "disk_free": 1}
    device = {"kind": "cuda", "name": "x", "total": 1, "free": 1, "nam": 1}
    (tmp_path / "m.json").write_text(json.dumps({**machine, "devices": [device]}))
    monkeypatch.setenv(resources.VARIABLE, str(tmp_path / "m.json"))
    with pytest.raises(ConfigError, match=r"unknown field devices\.0\.nam\. Did you mean name\?"):
        probe(tmp_path)


def test_a_recorded_machine_that_is_a_directory(tmp_path, monkeypatch):
    monkeypatch.setenv(resources.VARIABLE, str(tmp_path))
    with pytest.raises(ConfigError, match=r"which can't be read: Is a directory\. Record one"):
        probe(tmp_path)
