"""Training of LoRA adapters for specialists."""
