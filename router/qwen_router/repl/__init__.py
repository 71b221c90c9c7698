"""The conversation at a terminal: `qwen-router chat`."""
