"""Measures the attack score on sources that its weights have not seen: each source is left out in turn."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from qwen_router.classify.train import attack
from qwen_router.errors import InputError


def main() -> None:
    """Print the figures of all left-out sources together, and the share of each that is flagged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="Folder with security/dev.jsonl and routing/train.jsonl."
    )
    folder = parser.parse_args().data
    try:
        rows = attack.rows(folder)
        score = attack.held_out(folder)
    except OSError as error:
        raise SystemExit(
            str(InputError(f"Can't read {error.filename}.", "Give --data a folder that has it."))
        ) from None
    for name, figure in attack.figures(score, rows).items():
        print(f"{name:<26} {figure:6.3f}")
    print()
    flagged = score >= attack.THRESHOLD
    for (source, kind), count in Counter((row["source"], row["kind"]) for row in rows).items():
        here = np.array([row["source"] == source and row["kind"] == kind for row in rows])
        print(f"{source:<34} {kind:<18} {count:4d} rows, {flagged[here].mean():4.0%} flagged")


if __name__ == "__main__":
    main()
