"""Clips from the simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cafi.simulation.world import simulate_light
from cafi.training.clips import Clips, gap_times

if TYPE_CHECKING:
    from torch import Generator


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
        """Give clips of one kind of world."""
        times = gap_times(count, random)
        return Clips(simulate_light(self.side, times, random), times)
