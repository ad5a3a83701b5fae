"""Kymo: a small coarse-to-fine network for noisy grey-scale movies."""
