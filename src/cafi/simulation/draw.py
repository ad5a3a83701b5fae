"""Random numbers that every part of a simulation draws, from one seeded generator, on its device."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor


def uniform(shape: tuple[int, ...], low: float, high: float, random: Generator) -> Tensor:
    """Uniform in [low, high)."""
    return low + (high - low) * torch.rand(shape, generator=random, device=random.device)


def log_uniform(shape: tuple[int, ...], low: float, high: float, random: Generator) -> Tensor:
    """Uniform in the logarithm, in [low, high)."""
    return uniform(shape, math.log(low), math.log(high), random).exp()


def normal(shape: tuple[int, ...], random: Generator) -> Tensor:
    """Standard normal."""
    return torch.randn(shape, generator=random, device=random.device)


def chance(shape: tuple[int, ...], probability: float, random: Generator) -> Tensor:
    """1 with this probability, else 0, as float32."""
    return (torch.rand(shape, generator=random, device=random.device) < probability).float()


def direction(shape: tuple[int, ...], random: Generator) -> Tensor:
    r"""Unit vectors, shape (\\*shape, 2)."""
    angle = uniform(shape, 0, 2 * math.pi, random)
    return torch.stack([angle.cos(), angle.sin()], -1)


def integer(low: int, high: int, random: Generator) -> int:
    """One integer in [low, high)."""
    return int(torch.randint(low, high, (1,), generator=random, device=random.device))
