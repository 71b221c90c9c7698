"""How fast an accelerator reads its memory, by the name that its driver gives.

The figures are the vendors' own peaks: the data sheets and product pages of NVIDIA and AMD, and Apple's pages of
technical specifications. Of several memories under one name, the slowest that is common counts.
"""

from __future__ import annotations

import re

# Gigabytes a second. An entry matches a name that holds all its words; the one with most words wins.
_GIGABYTES = {
    # NVIDIA, data centre and workstation
    "B200": 8000, "GH200": 4000, "H200": 4800, "H20": 4000, "H800": 3350, "H100": 2000, "H100 HBM3": 3350,
    "H100 NVL": 3900, "A100 80GB": 1935, "A100 SXM4 80GB": 2039, "A100 40GB": 1555, "A800 80GB": 1935, "A40": 696,
    "A30": 933, "A16": 200, "A10": 600, "A10G": 600, "A2": 200, "L40S": 864, "L40": 864, "L20": 864, "L4": 300,
    "T4": 320, "V100": 900, "V100S": 1134, "P100": 732, "P40": 346, "GB10": 273, "RTX PRO 6000": 1597,
    "RTX PRO 6000 Workstation": 1792, "RTX 6000 Ada": 960, "RTX 5000 Ada": 576, "RTX 4000 Ada": 360,
    "RTX 4000 SFF Ada": 280, "RTX A6000": 768, "RTX A5000": 768, "RTX A4000": 448, "Quadro RTX 8000": 672,
    "Quadro RTX 6000": 672,
    # NVIDIA GeForce
    "RTX 5090": 1792, "RTX 5080": 960, "RTX 5070 Ti": 896, "RTX 5070": 672, "RTX 5060 Ti": 448, "RTX 5060": 448,
    "RTX 4090": 1008, "RTX 4080 SUPER": 736, "RTX 4080": 717, "RTX 4070 Ti SUPER": 672, "RTX 4070 Ti": 504,
    "RTX 4070 SUPER": 504, "RTX 4070": 504, "RTX 4060 Ti": 288, "RTX 4060": 272, "RTX 3090 Ti": 1008, "RTX 3090": 936,
    "RTX 3080 Ti": 912, "RTX 3080": 760, "RTX 3070 Ti": 608, "RTX 3070": 448, "RTX 3060 Ti": 448, "RTX 3060": 360,
    "RTX 3050": 224, "RTX 2080 Ti": 616, "RTX 2080 SUPER": 496, "RTX 2080": 448, "RTX 2070": 448, "RTX 2060": 336,
    "RTX 2060 SUPER": 448, "GTX 1660": 192, "GTX 1660 Ti": 288, "GTX 1660 SUPER": 336, "GTX 1080 Ti": 484,
    "GTX 1080": 320,
    # NVIDIA GeForce in laptops
    "RTX 4090 Laptop": 576, "RTX 4080 Laptop": 432, "RTX 4070 Laptop": 256, "RTX 4060 Laptop": 256,
    "RTX 4050 Laptop": 192, "RTX 3080 Laptop": 448, "RTX 3070 Laptop": 448, "RTX 3060 Laptop": 336,
    # AMD; the two chips of an MI250 are two devices
    "MI355X": 8000, "MI325X": 6000, "MI300X": 5300, "MI300A": 5300, "MI250X": 1638, "MI250": 1638, "MI210": 1638,
    "MI100": 1229, "RX 9070 XT": 640, "RX 9070": 640, "RX 7900 XTX": 960, "RX 7900 XT": 800, "RX 7800 XT": 624,
    "RX 6900 XT": 512, "RX 6800 XT": 512, "W7900": 864, "Radeon 8060S": 256,
    # Apple
    "M1": 68, "M1 Pro": 200, "M1 Max": 400, "M1 Ultra": 800, "M2": 100, "M2 Pro": 200, "M2 Max": 400, "M2 Ultra": 800,
    "M3": 100, "M3 Pro": 150, "M3 Max": 300, "M3 Ultra": 819, "M4": 120, "M4 Pro": 273, "M4 Max": 410, "M5": 153,
}  # fmt: skip
# Words of a slice of a card, or of a slower one of the same number: it needs an entry that says them too.
_LESS = frozenset({"laptop", "mobile", "mig", "q"})


def bandwidth_of(name: str) -> float | None:
    """Return the bytes a second of a device such as `NVIDIA GeForce RTX 4090`; `None` when it isn't known."""
    words = _words(name)
    fitting = [key for key in _GIGABYTES if _words(key) <= words and not (words & _LESS) - _words(key)]
    return _GIGABYTES[max(fitting, key=lambda key: len(_words(key)))] * 1e9 if fitting else None


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", name.lower()))
