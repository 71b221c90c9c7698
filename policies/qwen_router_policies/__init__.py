"""The built-in policies: pure decisions."""
