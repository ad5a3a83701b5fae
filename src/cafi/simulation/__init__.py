"""Synthetic movies with known truth."""
