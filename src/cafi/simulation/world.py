"""A whole field of view: scenes on top of each other, seen through optics, as a clean movie in [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch

from cafi.simulation import optics
from cafi.simulation.draw import chance, log_uniform, uniform
from cafi.simulation.motion import Pace, wandering_stage, waves
from cafi.simulation.scenes import SCENES, living_tissue
from cafi.simulation.shimmer import shimmer
from cafi.simulation.tremor import trembling_stage, unsteady

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Generator, Tensor

Choice = TypeVar("Choice")

SHIMMERING = 0.12  # share of worlds with detail that comes and goes where it is
TREMBLING = 0.75  # share of worlds in which places and things tremble
MOST_TREMOR = 6.0  # pixels


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
    low, high = (8, 60) if torch.rand((), generator=random, device=random.device) < 0.3 else (0.5, 24)
    return simulate_world(side, log_uniform((len(times),), low, high, random), times, random)


def simulate_world(side: int, pixels: Tensor, times: Tensor, random: Generator) -> Tensor:
    """Simulate clean movies as `simulate_light` does, with a typical displacement (B,) in pixels per unit of time."""
    n = len(times)
    # The more a thing moves, the more of that is in fits and starts.
    tremor = pixels * chance((n,), TREMBLING, random) * log_uniform((n,), 0.05, 0.8, random)
    stage = wandering_stage(times, random) + trembling_stage(times, random)
    light = _layers(side, Pace(pixels, stage, tremor.clamp_max(MOST_TREMOR)), unsteady(times, random), random)
    if torch.rand((), generator=random, device=random.device) < SHIMMERING:
        light = shimmer(light, log_uniform((len(times), 1, 1, 1), 0.03, 0.4, random), times, random)
    contrast = _choose(optics.CONTRASTS, random)
    if contrast is optics.fluorescence:
        light = _bleaching(times, random) * _uneven_label(light, random)
    seen = contrast(light, random)
    return normalised(normalised(seen) * optics.shading(tuple(seen.shape), random))


def _layers(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """One to three scenes; the later ones add to the earlier or hide them."""
    n = len(times)
    light = _choose(SCENES, random)(side, pace, times, random).light
    if torch.rand((), generator=random, device=random.device) < 0.5:
        beneath = living_tissue(side, pace.slower(uniform((n,), 0, 1, random)), times, random).light
        light = light + log_uniform((n, 1, 1, 1), 0.01, 0.6, random) * beneath
    while torch.rand((), generator=random, device=random.device) < 0.4:
        slower = uniform((n,), 0, 1, random) * chance((n,), 0.7, random)
        upper = _choose(SCENES, random)(side, pace.slower(slower), times, random).light
        share = uniform((n, 1, 1, 1), 0.1, 1, random)
        hiding = chance((n, 1, 1, 1), 0.5, random) * upper.clamp(0, 1)
        light = light * (1 - hiding) + share * upper
    return light


def _bleaching(times: Tensor, random: Generator) -> Tensor:
    """Brightness over time: photobleaching, and now and then a lamp that flickers."""
    rate = chance((len(times), 1), 0.4, random) * uniform((len(times), 1), 0, 0.08, random)
    flicker = chance((len(times), 1), 0.1, random) * 0.03 * waves((), 10, times, random)
    # Slower than exponential, as it is where fluorophores differ; a long movie keeps some light.
    return ((1 + flicker) / (1 + rate * times))[:, :, None, None]


def _uneven_label(light: Tensor, random: Generator) -> Tensor:
    """Few bright structures among many faint ones: fluorophores gather more than matter does."""
    power = 1 + chance((len(light), 1, 1, 1), 0.6, random) * uniform((len(light), 1, 1, 1), 0, 3.5, random)
    return light.clamp_min(1e-4) ** power


def normalised(light: Tensor) -> Tensor:
    """Bring the 0.1 and 99.9 percentiles of each movie to 0 and 1."""
    sample = light[..., ::3, ::3].flatten(1)
    low, high = torch.quantile(sample, torch.tensor([0.001, 0.999], device=light.device), dim=1)[..., None, None, None]
    return (light - low) / (high - low).clamp_min(1e-3)


def _choose(options: Sequence[tuple[Choice, float]], random: Generator) -> Choice:
    weights = torch.tensor([weight for _, weight in options], device=random.device)
    return options[int(torch.multinomial(weights, 1, generator=random))][0]
