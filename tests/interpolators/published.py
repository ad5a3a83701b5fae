"""Networks filled with the weights by which the fixtures of the published ones were made."""

from __future__ import annotations

import csv
import re
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


def fill(network: nn.Module, parity: Path, prefix: str = "") -> None:
    """Give every entry of a network's state dict the weights of the documented fill; see the fixtures' README."""
    rules = _table(parity / "fill_rules.tsv")
    state = network.state_dict()
    network.load_state_dict({name: _filled(prefix + name, tuple(v.shape), rules) for name, v in state.items()})


def _filled(name: str, shape: tuple[int, ...], rules: list[dict[str, str]]) -> Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    drawn = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).standard_normal(shape)
    rule = next(rule for rule in rules if re.search(rule["regex"], name))
    mean, scale = float(rule["mean"]), float(rule["scale"])
    if rule["kind"] == "exp":
        drawn = np.exp(mean + scale * drawn)
    elif rule["kind"] == "fan":
        drawn = mean + scale * drawn / np.sqrt(np.prod(shape[1:]))
    else:
        drawn = mean + scale * drawn
    return torch.from_numpy(drawn.astype(np.float32))


def keys(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a published checkpoint."""
    return {row["name"]: tuple(int(n) for n in row["shape"].split(",") if n) for row in _table(path)}


def frames(pixels: np.ndarray) -> Tensor:
    """8-bit frames (..., Y, X, 3) as (..., 3, Y, X) in [0, 1]."""
    return torch.from_numpy(np.moveaxis(pixels.astype(np.float32) / 255, -1, -3).copy())


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
