"""How things move: paths of points, and smooth flows that carry textures; functions of time alone.

Nothing that is drawn depends on which times are asked for: a generator with the same seed gives the same world at any
other times of the same movie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import chance, direction, log_uniform, normal, uniform
from cafi.simulation.fields import smooth_vectors
from cafi.simulation.tremor import stirring, tremor

if TYPE_CHECKING:
    from torch import Generator, Tensor

SLOWEST, FASTEST, WAVES = 2.0**-10, 8.0, 40  # cycles per unit time of diffusion; three waves in an octave


@dataclass(frozen=True)
class Pace:
    """How far things move in one gap.

    Attributes
    ----------
    pixels : Tensor of float32, shape (B,)
        Typical displacement over a unit of time, for each movie.
    stage : Tensor of float32, shape (B, T, 2)
        Displacement (y, x) in pixels of everything at once.
    tremor : Tensor of float32, shape (B,), optional
        Standard deviation in pixels, along each axis, of what each place or thing trembles besides, see `tremor`.
    """

    pixels: Tensor
    stage: Tensor
    tremor: Tensor | None = None

    def slower(self, factor: Tensor | float) -> Pace:
        """Return the pace of things that move and tremble this much less, on the same stage."""
        tremor = None if self.tremor is None else self.tremor * factor
        return replace(self, pixels=self.pixels * factor, tremor=tremor)


def fixed_stage(times: Tensor) -> Tensor:
    """A stage that stands still, shape (B, T, 2)."""
    return torch.zeros((*times.shape, 2), device=times.device)


def wandering_stage(times: Tensor, random: Generator) -> Tensor:
    """A stage that drifts in some movies, and jumps once in a few; displacement (B, T, 2) in pixels."""
    n = len(times)
    elapsed = (times - 0.5)[..., None]
    drift = chance((n, 1, 1), 0.1, random) * direction((n, 1), random) * log_uniform((n, 1, 1), 0.2, 5, random)
    jump = chance((n, 1, 1), 0.03, random) * direction((n, 1), random) * log_uniform((n, 1, 1), 1, 15, random)
    moment = uniform((n, 1, 1), -1, 1, random)
    return drift * swing(elapsed, 8.0) + jump * torch.sigmoid(40 * (elapsed - moment))


def swing(elapsed: Tensor, turn: Tensor | float) -> Tensor:
    """Time that runs at full speed around 0 and turns back after about ``turn``: motion that stays bounded."""
    return turn * torch.sin(elapsed / turn)


def flow(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """Smooth flow of a whole field: drift, rotation, dilation and swirls of one or many sizes, with some acceleration.

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
    swirl = smooth_vectors(n, side, wavelength, uniform((n,), 0, 1.8, random), random)
    # A texture must not fold: swirls stay small beside their wavelength.
    strength = torch.minimum(uniform((n,), 0, 1, random), 0.15 * wavelength / pace.pixels.clamp_min(0.1))
    elapsed = times - 0.5
    bounded = swing(elapsed, 2.5)
    bend = uniform((n, 1), -0.12, 0.12, random) * bounded**2
    along, around = ((pace.pixels[:, None] * (s + bend))[..., None, None, None] for s in (elapsed, bounded))
    changing = linear + strength[:, None, None, None] * swirl
    moved = along * drift[:, None] + around * changing[:, None] + pace.stage.flip(-1)[..., None, None]
    return moved if pace.tremor is None else moved + stirring(side, pace.tremor, times, random)


def paths(points: int, side: int, pace: Pace, times: Tensor, random: Generator) -> tuple[Tensor, Tensor]:
    """Paths of points: directed, switching, diffusing or confined, alone or with a common drift.

    Returns
    -------
    start : Tensor of float32, shape (B, 1, points, 2)
        Place (y, x) in pixels about time 0.5, up to a quarter of the field's side beyond it.
    moved : Tensor of float32, shape (B, T, points, 2)
        Displacement (y, x) from there in pixels.
    """
    n = len(times)
    start = uniform((n, 1, points, 2), -0.25, 1.25, random) * side
    speed = pace.pixels[:, None, None, None] * log_uniform((n, 1, points, 1), 0.15, 1.5, random)
    elapsed = (times - 0.5)[:, :, None, None]
    ahead = swing(elapsed, uniform((n, 1, points, 1), 3, 7, random))
    before, after = direction((n, 1, points), random), direction((n, 1, points), random)
    switching = chance((n, 1, points, 1), 0.2, random)
    after = switching * after + (1 - switching) * before
    moment = uniform((n, 1, points, 1), -1.5, 1.5, random)
    directed = before * torch.minimum(ahead, moment) + after * (ahead - moment).clamp_min(0)
    bend = uniform((n, 1, points, 1), -0.2, 0.2, random) * ahead**2 * before.flip(-1)
    confined = chance((n, 1, points, 1), 0.3, random) * log_uniform((n, 1, points, 1), 0.5, 6, random)
    wobble = diffusion(elapsed[..., 0, 0], confined, random)
    kinds = uniform((n, 1, points, 1), 0, 1, random)
    wild = uniform((n, 1, 1, 1), 0, 1, random) ** 2
    personal = torch.where(kinds < wild, 0.7 * wobble, directed + bend)
    common = direction((n, 1, 1), random) * uniform((n, 1, 1, 1), 0, 1.5, random) * swing(elapsed, 6.0)
    together = uniform((n, 1, 1, 1), 0, 1, random).round()
    moved = speed * personal + pace.pixels[:, None, None, None] * together * common
    if pace.tremor is not None:
        moved = moved + pace.tremor[:, None, None, None] * tremor((points, 2), times, random)
    return start, moved + pace.stage[:, :, None]


def diffusion(elapsed: Tensor, stiffness: Tensor, random: Generator) -> Tensor:
    """Brownian motion, free or in a harmonic trap (Ornstein-Uhlenbeck), as a sum of random waves.

    A sum of waves with the spectrum of the process can be evaluated at any time, where a sum of random steps is
    bound to the times that it was drawn for.

    Parameters
    ----------
    elapsed : Tensor, shape (B, T)
    stiffness : Tensor, shape (B, 1, N, 1)
        Of the trap, per unit of time; 0 is free diffusion.
    random : Generator

    Returns
    -------
    Tensor of float32, shape (B, T, N, 2)
        0 at elapsed time 0; free: mean square displacement 1 per axis and unit of time, for lags from
        1/4 to 20 units (less 7 %).
    """
    n, points = len(elapsed), stiffness.shape[2]
    octaves = torch.linspace(math.log(SLOWEST), math.log(FASTEST), WAVES, device=elapsed.device)
    step = octaves[1] - octaves[0]
    # Each point has frequencies of its own, or all would come back at the same times.
    rate = 2 * math.pi * (octaves + step * uniform((n, 1, points, 1, WAVES), -0.5, 0.5, random)).exp()
    variance = 2 / math.pi * step * rate / (rate**2 + stiffness[..., None] ** 2)
    shape = (n, 1, points, 2, WAVES)
    amplitude, phase = variance.sqrt() * normal(shape, random), uniform(shape, 0, 2 * math.pi, random)
    waves_at = torch.sin(rate * elapsed[:, :, None, None, None] + phase) - torch.sin(phase)
    return (amplitude * waves_at).sum(-1)


def waves(shape: tuple[int, ...], rate: float, times: Tensor, random: Generator) -> Tensor:
    r"""Slow sine waves of random phase and frequency up to ``rate`` per unit time; (B, T, \\*shape) in [-1, 1]."""
    n = len(times)
    phase = uniform((n, 1, *shape), 0, 2 * math.pi, random)
    speed = uniform((n, 1, *shape), 0, 2 * math.pi * rate, random)
    return torch.sin(phase + speed * times.reshape(n, -1, *(1,) * len(shape)))
