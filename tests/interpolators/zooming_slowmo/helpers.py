"""Weights so small that a prediction takes milliseconds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from cafi.interpolators.weights import Card, save_weights
from cafi.interpolators.zooming_slowmo.network import Architecture, ZoomingSlowMo

TINY = Architecture(features=8, groups=2, front=1, back=1)


def tiny_network(seed=0):
    """Random weights, whose deformable layers do displace, and whose frames show something."""
    torch.manual_seed(seed)
    network = ZoomingSlowMo(TINY).eval().requires_grad_(False)
    network.conv_last.weight *= 10
    network.conv_last.bias.fill_(0.5)
    for name, parameter in network.named_parameters():
        if "conv_offset_mask" in name:
            parameter.copy_(0.1 * torch.randn_like(parameter))
    return network


def tiny_weights(folder: Path, method="zooming-slowmo", **recipe) -> Path:
    path = folder / "tiny.safetensors"
    card = Card(method, "tiny", asdict(TINY), recipe=recipe)
    save_weights(path, tiny_network().state_dict(), card, bits=32, overwrite=True)
    return path
