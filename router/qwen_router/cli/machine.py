"""`qwen-router machine`: show what this machine has, or record it."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from qwen_router.cli.console import AsJson, ConfigPath, gib, out, print_json
from qwen_router.resources import Device, Resources, probe, recorded
from qwen_router.settings_file import load_settings


def machine(as_json: AsJson = False, config: ConfigPath = None) -> None:
    """Show the memory, accelerators, cores and disk that models are chosen for.

    With --json it is a recorded machine: QWEN_ROUTER_RESOURCES=FILE makes the router decide as if it ran there.
    """
    found = probe(load_settings(config).cache_dir)
    if as_json:
        print_json(found.model_dump_json(indent=2))
        return
    out.print(_table(found))
    if file := recorded():
        out.print(f"\nRecorded in {escape(str(file))}.")


def _table(found: Resources) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in ("what", "total", "free", "more"):
        table.add_column(name, justify="right" if name in ("total", "free") else "left", no_wrap=name != "more")
    others = f"{gib(found.ram_others)} taken by other processes"
    table.add_row("RAM", gib(found.ram_total), f"{gib(found.ram_free)} free", _more(others, found.ram_bandwidth))
    for device in found.devices:
        table.add_row(_kind(device), gib(device.total), f"{gib(device.free)} free", _device(device))
    table.add_row("cores", str(found.cores), "", "" if found.devices else "no accelerator that torch can use")
    table.add_row("disk", "", f"{gib(found.disk_free)} free", "where weights are kept")
    return table


def _kind(device: Device) -> str:
    return "ROCm" if device.rocm else {"cuda": "CUDA", "mps": "Metal"}.get(device.kind, device.kind)


def _device(device: Device) -> str:
    shared = ", shares the RAM" if device.unified else ""
    return _more(escape(device.name) + shared, device.bandwidth)


def _more(text: str, bandwidth: float | None) -> str:
    return text if bandwidth is None else f"{text}, {bandwidth / 1e9:,.0f} GB/s"
