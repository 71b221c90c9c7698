import psutil

from qwen_router import resources
from qwen_router.resources import Device, Resources, probe


def test_this_machine_is_measured(tmp_path):
    found = probe(tmp_path / "not" / "yet" / "there")
    assert 0 < found.ram_free <= found.ram_total <= psutil.virtual_memory().total
    assert found.cores >= 1
    assert found.disk_free > 0


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    limit.write_text("1000000000\n")
    monkeypatch.setattr(resources, "_CGROUP_LIMITS", (limit,))
    found = probe(tmp_path)
    assert found.ram_total == 1_000_000_000
    assert found.ram_free < 1_000_000_000


def test_no_limit_is_no_limit(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    limit.write_text("max\n")
    monkeypatch.setattr(resources, "_CGROUP_LIMITS", (limit, tmp_path / "missing"))
    assert probe(tmp_path).ram_total == psutil.virtual_memory().total


def test_the_accelerator_is_the_one_with_most_room():
    one, two = (Device(kind="cuda", name=str(free), total=10, free=free) for free in (3, 7))
    machine = Resources(ram_total=1, ram_free=1, cores=1, disk_free=1, devices=(one, two))
    assert machine.accelerator == two
    assert machine.model_copy(update={"devices": ()}).accelerator is None
