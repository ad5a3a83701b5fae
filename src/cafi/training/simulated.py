"""Clips from the simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cafi.layers.averaging import halved
from cafi.simulation.world import simulate_light
from cafi.training.clips import Clips, gap_times

if TYPE_CHECKING:
    from torch import Generator

FINE = 0.25  # share of draws with detail as fine as the pixels, as where a camera samples coarsely


@dataclass(frozen=True)
class Simulation:
    """Simulated movies without end.

    Attributes
    ----------
    side : int
        Of the frames, in pixels.
    """

    side: int

    def draw(self, count: int, random: Generator) -> Clips:
        """Give clips of one kind of world, now and then seen at half its size."""
        times = gap_times(count, random)
        if torch.rand((), generator=random, device=random.device) < FINE:
            return Clips(halved(simulate_light(2 * self.side, times, random)), times)
        return Clips(simulate_light(self.side, times, random), times)
