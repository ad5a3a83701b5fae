"""What nobody can foresee: frames of real movies rarely lie half way between their neighbours.

Cells crawl by fits and starts, specimens breathe, stages settle. On real movies two networks that know nothing of each
other agree to about 0.1 px on where things should be half way, and the measured frame lies 0.1 to 0.6 px elsewhere
(docs/kymo.md). A network that has only seen even motion is too sure of itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import chance, log_uniform, normal, uniform
from cafi.simulation.fields import smooth_vectors

if TYPE_CHECKING:
    from torch import Generator, Tensor

WAVES = 6
SLOWEST, FASTEST = 0.12, 4.0  # cycles per unit time: from what four frames can follow to what they cannot
FALL = (0.3, 1.2)  # of the amplitude with the rate, as a power: about that of real movies
PARTS = 3  # smooth fields of which a local tremor is mixed


def tremor(shape: tuple[int, ...], times: Tensor, random: Generator) -> Tensor:
    r"""Random waves about their value at time 0.5; (B, T, \\*shape), each with a standard deviation of 1 over time.

    The faster, the weaker, in one movie more than in another: between hardly and partly foreseeable from neighbours.
    """
    n, count = len(times), (WAVES, *shape)
    rate = log_uniform((n, 1, *count), SLOWEST, FASTEST, random)
    fall = uniform((n, 1, *(1 for _ in count)), *FALL, random)
    strength = rate**-fall / (rate ** (-2 * fall)).mean(2, keepdim=True).sqrt()
    size, phase = strength * normal((n, 1, *count), random), uniform((n, 1, *count), 0, 2 * math.pi, random)
    turned = 2 * math.pi * rate * (times - 0.5).reshape(n, -1, *(1,) * len(count))
    return (size * (torch.sin(turned + phase) - torch.sin(phase))).sum(2) * (2 / WAVES) ** 0.5


def trembling_stage(times: Tensor, random: Generator) -> Tensor:
    """A stage that does not come to rest exactly where it should, in half of the movies; (B, T, 2) in pixels."""
    n = len(times)
    return chance((n, 1, 1), 0.5, random) * log_uniform((n, 1, 1), 0.05, 3, random) * tremor((2,), times, random)


def unsteady(times: Tensor, random: Generator) -> Tensor:
    """Let things hurry and linger, all together, in most of the movies: the times (B, T) that they live by."""
    n = len(times)
    much = chance((n, 1), 0.6, random) * log_uniform((n, 1), 0.015, 0.18, random)
    return times + much * tremor((), times, random)


def stirring(side: int, pixels: Tensor, times: Tensor, random: Generator) -> Tensor:
    """A tremor that differs from place to place.

    Parameters
    ----------
    side : int
        Of the field, in pixels.
    pixels : Tensor of float32, shape (B,)
        Standard deviation along each axis, at most 6 % of the wavelength that is drawn: a texture must not fold.
    times : Tensor, shape (B, T)
    random : Generator

    Returns
    -------
    Tensor of float32, shape (B, T, 2, side, side)
        Displacement (x, y) in pixels since time 0.5.
    """
    n = len(times)
    wavelength = log_uniform((n,), 20, side, random)
    level = torch.zeros(n * PARTS, device=times.device)
    fields = smooth_vectors(n * PARTS, side, wavelength.repeat_interleave(PARTS), level, random)
    shares = tremor((PARTS,), times, random) / PARTS**0.5
    size = torch.minimum(pixels, 0.06 * wavelength)[:, None, None, None, None]
    return size * torch.einsum("btp,bpcyx->btcyx", shares, fields.unflatten(0, (n, PARTS)))
