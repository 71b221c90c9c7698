"""The built-in plugins: specialists, backends, guards and observers."""
