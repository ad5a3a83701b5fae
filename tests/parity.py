"""The numerical fixtures that were made with the published networks, and the weights that go with them."""

from __future__ import annotations

import csv
import functools
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

FOLDER = Path(__file__).parents[2] / "shared" / "parity"


@functools.cache
def arrays(name: str) -> dict[str, np.ndarray]:
    """All arrays of a fixture file."""
    if not FOLDER.is_dir():
        pytest.skip(f"the folder with numerical fixtures, {FOLDER}, is not there")
    with np.load(FOLDER / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


@functools.cache
def tensors(name: str) -> dict[str, torch.Tensor]:
    """All arrays of a fixture file as tensors."""
    return {key: torch.from_numpy(value) for key, value in arrays(name).items()}


@functools.cache
def table(name: str) -> list[dict[str, str]]:
    """The rows of a table of the fixtures."""
    if not FOLDER.is_dir():
        pytest.skip(f"the folder with numerical fixtures, {FOLDER}, is not there")
    with (FOLDER / name).open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Name and shape of every entry of a published checkpoint."""
    return {row["name"]: tuple(int(n) for n in row["shape"].split(",") if n) for row in table(name)}


def filled(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The synthetic weights of one entry."""
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    drawn = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).standard_normal(shape)
    rule = next(r for r in table("fill_rules.tsv") if re.search(r["regex"], name))
    mean, scale = float(rule["mean"]), float(rule["scale"])
    if rule["kind"] == "fan":
        scale /= np.sqrt(np.prod(shape[1:]))
    value = mean + scale * drawn
    return torch.from_numpy((np.exp(value) if rule["kind"] == "exp" else value).astype(np.float32))


def fill(network: nn.Module) -> None:
    """Give a network the synthetic weights."""
    state = _filled_state(tuple((name, tuple(v.shape)) for name, v in network.state_dict().items()))
    network.load_state_dict(state)


@functools.cache
def _filled_state(entries: tuple[tuple[str, tuple[int, ...]], ...]) -> dict[str, torch.Tensor]:
    return {name: filled(name, shape) for name, shape in entries}


def images(u8: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Pixels of shape (..., Y, X, 3) as images of shape (..., 3, Y, X) in [0, 1]."""
    return torch.as_tensor(u8).float().movedim(-1, -3).contiguous() / 255
