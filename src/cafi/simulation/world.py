"""A whole field of view: scenes on top of each other, seen through optics, as a clean movie in [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cafi.simulation import optics
from cafi.simulation.draw import chance, log_uniform, normal, uniform
from cafi.simulation.motion import Pace
from cafi.simulation.scenes import SCENES, tissue

if TYPE_CHECKING:
    from torch import Generator, Tensor


def simulate_light(side: int, times: Tensor, random: Generator) -> Tensor:
    """Simulate clean movies of one kind of world; the kind is drawn too.

    Parameters
    ----------
    side : int
        Of the frames in pixels, a multiple of 4.
    times : Tensor of float32, shape (B, T)
        Increasing, in units of the gap.
    random : Generator
        On the device that shall do the work.

    Returns
    -------
    Tensor of float32, shape (B, T, side, side)
        0.1 and 99.9 percentile of each movie at 0 and 1.
    """
    pace = Pace(log_uniform((len(times),), 0.5, 24, random))
    if torch.rand((), generator=random, device=random.device) < 0.3:
        pace = Pace(log_uniform((len(times),), 8, 40, random))
    light = _layers(side, pace, times, random)
    contrast = _choose(optics.CONTRASTS, random)
    seen = contrast(light, random)
    if contrast is optics.fluorescence:
        seen = seen * _bleaching(times, random)
    return normalised(normalised(seen) * optics.shading(tuple(seen.shape), random))


def _layers(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """One to three scenes; the later ones add to the earlier or hide them."""
    n = len(times)
    light = _choose(SCENES, random)(side, pace, times, random)
    if torch.rand((), generator=random, device=random.device) < 0.5:
        beneath = Pace(pace.pixels * uniform((n,), 0, 1, random))
        light = light + uniform((n, 1, 1, 1), 0.05, 0.6, random) * tissue(side, beneath, times, random)
    while torch.rand((), generator=random, device=random.device) < 0.4:
        slower = uniform((n,), 0, 1, random) * chance((n,), 0.7, random)
        upper = _choose(SCENES, random)(side, Pace(pace.pixels * slower), times, random)
        share = uniform((n, 1, 1, 1), 0.1, 1, random)
        hiding = chance((n, 1, 1, 1), 0.5, random) * upper.clamp(0, 1)
        light = light * (1 - hiding) + share * upper
    return light


def _bleaching(times: Tensor, random: Generator) -> Tensor:
    """Brightness over time: photobleaching, and now and then a lamp that flickers."""
    rate = chance((len(times), 1), 0.4, random) * uniform((len(times), 1), 0, 0.08, random)
    flicker = chance((len(times), 1), 0.1, random) * 0.02 * normal(tuple(times.shape), random)
    return (torch.exp(-rate * times) * (1 + flicker))[:, :, None, None]


def normalised(light: Tensor) -> Tensor:
    """Bring the 0.1 and 99.9 percentiles of each movie to 0 and 1."""
    sample = light[..., ::3, ::3].flatten(1)
    low, high = torch.quantile(sample, torch.tensor([0.001, 0.999], device=light.device), dim=1)[..., None, None, None]
    return (light - low) / (high - low).clamp_min(1e-3)


def _choose(options: tuple, random: Generator):
    weights = torch.tensor([weight for _, weight in options], device=random.device)
    return options[int(torch.multinomial(weights, 1, generator=random))][0]
