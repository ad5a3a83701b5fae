"""Weights so small that a prediction takes a fraction of a second."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from cafi.interpolators.dain.network import Architecture, Dain
from cafi.interpolators.weights import Card, save_weights

TINY = Architecture(flow=2, depth=1, kernels=2, context=2, synthesis=4, blocks=1)


def tiny_network(seed=0):
    torch.manual_seed(seed)
    return Dain(TINY).eval().requires_grad_(False)


def tiny_weights(folder: Path, method="dain", **recipe) -> Path:
    path = folder / "tiny.safetensors"
    card = Card(method, "tiny", asdict(TINY), recipe=recipe)
    save_weights(path, tiny_network().state_dict(), card, bits=32, overwrite=True)
    return path
