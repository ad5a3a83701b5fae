"""Movies of spots in switching uniform motion: the published benchmark for interpolators, made again.

As described by Priessner et al. (Nature Methods 2024, doi:10.1038/s41592-023-02138-w): spots of about 15 px, each
moving straight at constant speed until it takes another speed and direction; of one slow movie frames are left out,
so that the fastest spots move V = 2 to 13 pixels from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cafi.simulation.detector import Detector
from cafi.simulation.draw import direction, uniform
from cafi.simulation.light import splat

if TYPE_CHECKING:
    from torch import Generator, Tensor

VELOCITIES = tuple(range(2, 14))
SIDE, SPOTS, FRAMES = 192, 24, 17  # 16 gaps of 13 px span the 208 frames of the slow movie
SIGMA = 3.2  # pixels: 15 px wide where a spot has 6 % of its peak
DURATION = 25.0  # pixels that the fastest spots go before they turn
PHOTONS, BACKGROUND = 60.0, 6.0
DETECTOR = Detector(gain=20.0, offset=100.0, read_noise=1.5)


@dataclass(frozen=True)
class ParticleMovie:
    """One movie of the benchmark.

    Attributes
    ----------
    frames : Tensor of int32, shape (T, Y, X)
        Grey values.
    truth : Tensor of float32, shape (T, Y, X)
        Their expectation.
    places : Tensor of float32, shape (T, N, 2)
        (y, x) in pixels.
    """

    frames: Tensor
    truth: Tensor
    places: Tensor


def particle_movie(velocity: float, *, frames: int = FRAMES, side: int = SIDE, seed: int = 0) -> ParticleMovie:
    """Make the movie in which the fastest spots move ``velocity`` pixels per frame; the paths are those of the seed.

    Parameters
    ----------
    velocity : float
    frames, side, seed : int

    Returns
    -------
    ParticleMovie
    """
    random = torch.Generator().manual_seed(seed)
    places = switching_paths(SPOTS, side, velocity * torch.arange(frames, dtype=torch.float32), random)
    bright = uniform((1, 1, SPOTS), 0.6, 1, random)
    photons = PHOTONS * splat(places[None], torch.tensor(SIGMA), bright.expand(1, frames, -1), side)[0] + BACKGROUND
    return ParticleMovie(DETECTOR.record(photons, random), DETECTOR.expected(photons), places)


def switching_paths(points: int, side: int, way: Tensor, random: Generator, segments: int = 16) -> Tensor:
    """Piecewise straight paths that are mirrored at the borders.

    Parameters
    ----------
    points, side : int
    way : Tensor, shape (T,)
        How far a point at full speed has gone, in pixels, 0 or more; that is, the time.
    random : Generator
    segments : int
        Of different velocity; the last one has no end.

    Returns
    -------
    Tensor of float32, shape (T, points, 2)
        (y, x) in pixels, not nearer to a border than one spot.
    """
    start = uniform((1, points, 2), 0, side, random)
    velocity = direction((segments, points), random) * uniform((segments, points, 1), 0.4, 1, random)
    lasting = DURATION * uniform((segments, points), 0.5, 1.5, random)
    lasting[-1] = float("inf")
    begin = torch.cat([torch.zeros(1, points), lasting[:-1].cumsum(0)])
    spent = torch.minimum((way[:, None, None] - begin).clamp_min(0), lasting)
    place = start + (spent[..., None] * velocity).sum(1)
    margin = 2 * SIGMA
    room = side - 1 - 2 * margin
    folded = (place - margin).remainder(2 * room)
    return margin + torch.minimum(folded, 2 * room - folded)
