"""The command line of the training."""

from __future__ import annotations

import argparse
from pathlib import Path

from qwen_router.classify.artefact import PATH
from qwen_router.classify.train.build import build


def main() -> None:
    """Train every part and write the artefact."""
    parser = argparse.ArgumentParser(prog="qwen_router.classify.train", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with routing/ and difficulty/")
    parser.add_argument("--out", type=Path, default=PATH, help="where the artefact goes")
    parser.add_argument("--cache", type=Path, help="folder that keeps the teacher's vectors between runs")
    options = parser.parse_args()
    build(options.data, options.out, options.cache)


if __name__ == "__main__":
    main()
