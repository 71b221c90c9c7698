"""Judges answers without a model: their code, its examples, their repetitions."""
