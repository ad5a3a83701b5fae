"""Detail that comes and goes, as what passes through the focal plane does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import log_uniform, uniform
from cafi.simulation.fields import power_law
from cafi.simulation.motion import waves

if TYPE_CHECKING:
    from torch import Generator, Tensor

PARTS = 4  # fields of which such detail is mixed, each in its own rhythm


def shimmer(light: Tensor, strength: Tensor, times: Tensor, random: Generator) -> Tensor:
    """Add detail that comes and goes within a few gaps.

    It cannot be foreseen, and is no noise: whoever takes it for noise leaves a frame without texture.

    Parameters
    ----------
    light : Tensor, shape (B, T, Y, X)
    strength : Tensor, shape (B, 1, 1, 1)
        Standard deviation of what is added.
    times : Tensor, shape (B, T)
    random : Generator

    Returns
    -------
    Tensor, same shape as ``light``
    """
    n, _, side, _ = light.shape
    exponent = uniform((n,), 0, 1.5, random).repeat_interleave(PARTS)
    fine = log_uniform((n,), 2, 8, random).repeat_interleave(PARTS)
    fields = power_law(n * PARTS, side, exponent, fine, 10 * fine, random).unflatten(0, (n, PARTS))
    shares = waves((PARTS,), 0.6, times, random) * (2 / PARTS) ** 0.5
    return light + strength * torch.einsum("btp,bpyx->btyx", shares, fields)
