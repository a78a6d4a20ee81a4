"""Transformers of steps and texts."""
