"""Run the command line: `python -m qwen_router`; without arguments, at a terminal, it is a conversation."""

import sys

from qwen_router.cli import main

if len(sys.argv) == 1 and sys.stdin.isatty():
    sys.argv.append("chat")
main()
