"""Control groups, as files in a directory that stands for /sys/fs/cgroup."""

from pathlib import Path

import pytest

from qwen_router.cgroup import Memory, memory, processors


class Machine:
    """A process with a group, and what is mounted where."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process = root / "proc"
        self.process.mkdir()
        self.mounts: list[str] = []

    def group(self, lines: str) -> None:
        (self.process / "cgroup").write_text(lines)

    def mount(self, name: str, kind: str, options: str = "rw", root: str = "/") -> Path:
        point = self.root / name
        point.mkdir(parents=True)
        told = str(point).replace(" ", r"\040")
        self.mounts.append(f"31 23 0:28 {root} {told} rw,relatime - {kind} {kind} {options}")
        (self.process / "mountinfo").write_text("\n".join(self.mounts) + "\n")
        return point


def write(directory: Path, **files: object) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (directory / name.replace("__", ".")).write_text(f"{value}\n")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_version_2_counts_what_the_group_uses_less_what_it_can_drop(machine):
    point = machine.mount("cgroup", "cgroup2")
    machine.group("0::/app\n")
    stat = "anon 100\ninactive_file 50\nactive_file 30"
    write(point / "app", memory__max=1000, memory__current=400, memory__stat=stat)
    assert memory(machine.process) == Memory(1000, 650)


def test_the_tightest_group_above_counts_too(machine):
    point = machine.mount("cgroup", "cgroup2")
    machine.group("0::/slice/app\n")
    write(point, memory__stat="anon 1")
    write(point / "slice", memory__max=800, memory__current=790)
    write(point / "slice" / "app", memory__max=1000, memory__current=100)
    assert memory(machine.process) == Memory(800, 10)


def test_without_a_limit_there_is_none(machine):
    point = machine.mount("cgroup", "cgroup2")
    machine.group("0::/app\n")
    write(point / "app", memory__max="max", memory__current=1, cpu__max="max 100000")
    assert memory(machine.process) is None
    assert processors(machine.process) is None


def test_version_1_has_a_hierarchy_for_each_controller(machine):
    store = machine.mount("cgroup/memory", "cgroup", "rw,memory")
    share = machine.mount("cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct")
    machine.group("4:memory:/app\n3:cpu,cpuacct:/work\n1:name=systemd:/\n0::/\n")
    usage = {"memory__limit_in_bytes": 1000, "memory__usage_in_bytes": 400}
    write(store / "app", **usage, memory__stat="inactive_file 1\ntotal_inactive_file 100")
    write(share / "work", cpu__cfs_quota_us=150_000, cpu__cfs_period_us=100_000)
    assert memory(machine.process) == Memory(1000, 700)
    assert processors(machine.process) == 1.5


def test_version_1_without_a_quota(machine):
    share = machine.mount("cgroup/cpu", "cgroup", "rw,cpu")
    machine.group("3:cpu:/\n")
    write(share, cpu__cfs_quota_us=-1, cpu__cfs_period_us=100_000)
    assert processors(machine.process) is None


def test_the_smallest_quota_of_all_groups_above_holds(machine):
    point = machine.mount("cgroup", "cgroup2")
    machine.group("0::/slice/app\n")
    write(point / "slice", cpu__max="200000 100000")
    write(point / "slice" / "app", cpu__max="400000 100000")
    assert processors(machine.process) == 2.0


@pytest.mark.parametrize(
    ("root", "path"),
    [("/docker/1", "/docker/1"), ("/", "/"), ("/", "/../.."), ("/", "/gone"), ("/docker/1", "/elsewhere")],
)
def test_a_container_that_sees_its_own_group_as_the_mount_point(machine, root, path):
    point = machine.mount("cgroup/memory", "cgroup", "rw,memory", root)
    machine.group(f"4:memory:{path}\n")
    write(point, memory__limit_in_bytes=1000, memory__usage_in_bytes=400)
    assert memory(machine.process) == Memory(1000, 600)


def test_a_group_inside_what_a_container_sees(machine):
    point = machine.mount("cgroup/memory", "cgroup", "rw,memory", "/docker/1")
    machine.group("4:memory:/docker/1/job\n")
    write(point / "job", memory__limit_in_bytes=500, memory__usage_in_bytes=400)
    assert memory(machine.process) == Memory(500, 100)


def test_a_mount_point_with_a_space(machine):
    point = machine.mount("my cgroup", "cgroup2")
    machine.group("0::/\n")
    write(point, memory__max=1000, memory__current=0)
    assert memory(machine.process) == Memory(1000, 1000)


def test_a_system_without_control_groups(tmp_path):
    assert memory(tmp_path) is None
    assert processors(tmp_path) is None
