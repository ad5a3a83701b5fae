"""How things move: paths of points, and smooth flows that carry textures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import chance, direction, log_uniform, normal, uniform
from cafi.simulation.fields import smooth_vectors

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class Pace:
    """How far things move in one gap.

    Attributes
    ----------
    pixels : Tensor of float32, shape (B,)
        Typical displacement over a unit of time, for each movie.
    """

    pixels: Tensor


def flow(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """Smooth flow of a whole field: drift, rotation, dilation and swirls, with some acceleration.

    Returns
    -------
    Tensor of float32, shape (B, T, 2, side, side)
        Displacement (x, y) since time 0.5 of what is at each pixel at each time.
    """
    n, device = len(times), times.device
    grid = (torch.arange(side, device=device, dtype=torch.float32) - (side - 1) / 2) / (side / 2)
    x, y = grid.expand(side, side), grid[:, None].expand(side, side)
    drift = direction((n,), random)[..., None, None] * uniform((n, 1, 1, 1), 0, 1, random)
    turn, swell = (normal((n, 1, 1), random) * 0.3 for _ in range(2))
    linear = torch.stack([swell * x - turn * y, swell * y + turn * x], 1)
    wavelength = log_uniform((n,), 40, 2 * side, random)
    swirl = smooth_vectors(n, side, wavelength, random)
    # A texture must not fold: swirls stay small beside their wavelength.
    strength = torch.minimum(uniform((n,), 0, 1, random), 0.15 * wavelength / pace.pixels.clamp_min(0.1))
    path = drift + linear + strength[:, None, None, None] * swirl
    elapsed = times - 0.5
    bent = elapsed + uniform((n, 1), -0.12, 0.12, random) * elapsed**2
    return (bent * pace.pixels[:, None])[..., None, None, None] * path[:, None]


def paths(points: int, side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """Paths of points: directed, switching, diffusing or confined, alone or with a common drift.

    Returns
    -------
    Tensor of float32, shape (B, T, points, 2)
        Place (y, x) in pixels; points wander beyond the field by up to a quarter of its side.
    """
    n = len(times)
    start = uniform((n, 1, points, 2), -0.25, 1.25, random) * side
    speed = pace.pixels[:, None, None, None] * log_uniform((n, 1, points, 1), 0.15, 1.5, random)
    elapsed = (times - 0.5)[:, :, None, None]
    before, after = direction((n, 1, points), random), direction((n, 1, points), random)
    switching = chance((n, 1, points, 1), 0.2, random)
    after = switching * after + (1 - switching) * before
    moment = uniform((n, 1, points, 1), -1.5, 1.5, random)
    directed = before * torch.minimum(elapsed, moment) + after * (elapsed - moment).clamp_min(0)
    bend = uniform((n, 1, points, 1), -0.2, 0.2, random) * elapsed**2 * before.flip(-1)
    wobble = diffusion((n, points), times, random)
    kinds = torch.rand((n, 1, points, 1), generator=random, device=random.device)
    wild = uniform((n, 1, 1, 1), 0, 1, random) ** 2
    personal = torch.where(kinds < wild, 0.7 * wobble, directed + bend)
    common = direction((n, 1, 1), random) * uniform((n, 1, 1, 1), 0, 1.5, random) * elapsed
    together = uniform((n, 1, 1, 1), 0, 1, random).round()
    return start + speed * personal + pace.pixels[:, None, None, None] * together * common


def diffusion(shape: tuple[int, int], times: Tensor, random: Generator) -> Tensor:
    """Brownian motion at increasing times, mean square displacement 1 per axis and unit time; (B, T, points, 2)."""
    steps = torch.diff(times, dim=1, prepend=times[:, :1])
    n, points = shape
    jumps = normal((n, times.shape[1], points, 2), random) * steps.clamp_min(0).sqrt()[:, :, None, None]
    return jumps.cumsum(1)


def waves(shape: tuple[int, ...], rate: float, times: Tensor, random: Generator) -> Tensor:
    """Slow sine waves of random phase and frequency up to ``rate`` per unit time; (B, T, \\*shape) in [-1, 1]."""
    n = len(times)
    phase = uniform((n, 1, *shape), 0, 2 * math.pi, random)
    speed = uniform((n, 1, *shape), 0, 2 * math.pi * rate, random)
    return torch.sin(phase + speed * times.reshape(n, -1, *(1,) * len(shape)))
