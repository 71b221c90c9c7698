"""Run the command line: `python -m qwen_router`."""

from qwen_router.cli import main

main()
