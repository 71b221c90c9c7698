"""Trains LoRA adapters."""
