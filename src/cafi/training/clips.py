"""Clips: what every source of training data gives, whether simulated or recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

FRAMES = 6  # of a clip: two before the gap's end, two inside the gap, two after
CONTEXT = (0, 1, 4, 5)
INSIDE = (2, 3)


@dataclass(frozen=True)
class Clips:
    """Short clean movies around a gap.

    Attributes
    ----------
    frames : Tensor of float32, shape (B, 6, Y, X)
        Normalised; at places 0, 1, 4, 5 the frames a network may see, at 2 and 3 those inside the gap.
    times : Tensor of float32, shape (B, 6)
        Increasing; 0 and 1 at places 1 and 4.
    """

    frames: Tensor
    times: Tensor


class Source(Protocol):
    """Anything that gives clips without end."""

    def draw(self, count: int, random: Generator) -> Clips:
        """Give ``count`` clips of the source's own frame size."""


class Reservoir:
    """The latest clips of a source, so that each costly clip is seen in several crops, poses and noises.

    Parameters
    ----------
    source : Source
    size : int
        Clips that are kept.
    random : Generator
    fresh : int
        Clips that are replaced, oldest first, each time that some are drawn.
    """

    def __init__(self, source: Source, size: int, random: Generator, fresh: int) -> None:
        self._source, self._random, self._fresh, self._next = source, random, fresh, 0
        parts = [source.draw(fresh, random) for _ in range(-(-size // fresh))]
        self._frames = torch.cat([part.frames for part in parts])
        self._times = torch.cat([part.times for part in parts])

    def draw(self, count: int, random: Generator) -> Clips:
        """Give ``count`` of the clips that are kept, after replacing the oldest."""
        new = self._source.draw(self._fresh, self._random)
        place = (self._next + torch.arange(len(new.times), device=self._frames.device)) % len(self._frames)
        self._frames[place], self._times[place] = new.frames, new.times
        self._next = (self._next + len(new.times)) % len(self._frames)
        chosen = torch.randint(0, len(self._frames), (count,), generator=random, device=self._frames.device)
        return Clips(self._frames[chosen], self._times[chosen])


def gap_times(count: int, random: Generator) -> Tensor:
    """Draw times for clips: half of the targets at the middle of the gap; outer frames now and then irregular."""
    device = random.device
    inner = 0.05 + 0.9 * torch.rand((count, 1), generator=random, device=device)
    middle = torch.full_like(inner, 0.5)
    targets = torch.cat([torch.minimum(inner, middle), torch.maximum(inner, middle)], 1)
    irregular = (torch.rand((count, 2), generator=random, device=device) < 0.1).float()
    outer = 1 + irregular * (torch.rand((count, 2), generator=random, device=device) - 0.5)
    zero = torch.zeros_like(inner)
    return torch.cat([-outer[:, :1], zero, targets, zero + 1, 1 + outer[:, 1:]], 1)
