"""Say how what the plugins depend on is."""
