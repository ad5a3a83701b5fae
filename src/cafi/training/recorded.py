"""Clips from recorded movies: ordinary video, or a user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.training.clips import Clips

if TYPE_CHECKING:
    from torch import Generator, Tensor

LEAST_CHANGE = 0.01  # of the range: the mean absolute difference of a gap's ends below which a clip is drawn again


@dataclass(frozen=True)
class Recordings:
    """Movies in memory, cut at random places, times and strides.

    Attributes
    ----------
    movies : list of Tensor of float32, shape (T, Y, X)
        Normalised.
    side : int
        Of the frames given, in pixels.
    strides : tuple of int
        How many frames a gap spans, at least 2; one is drawn for each clip.
    finest, coarsest : float
        Range of zooms; below 1 shrinks a movie, which also removes the traces of compression.
    """

    movies: list[Tensor]
    side: int
    strides: tuple[int, ...] = (2, 3, 4)
    finest: float = 1.0
    coarsest: float = 0.5

    def draw(self, count: int, random: Generator) -> Clips:
        """Give clips, each from a movie drawn anew; clips in which little happens are drawn again up to three times."""
        parts = [self._lively(random) for _ in range(count)]
        return Clips(torch.stack([frames for frames, _ in parts]), torch.stack([times for _, times in parts]))

    def _lively(self, random: Generator) -> tuple[Tensor, Tensor]:
        for _ in range(4):
            clip = self._one(random)
            if float((clip[0][1] - clip[0][4]).abs().mean()) > LEAST_CHANGE:
                break
        return clip

    def _one(self, random: Generator) -> tuple[Tensor, Tensor]:
        def below(limit: int) -> int:
            return int(torch.randint(0, limit, (1,), generator=random, device=random.device))

        movie = self.movies[below(len(self.movies))]
        allowed = [s for s in self.strides if 3 * s + 1 <= len(movie)]
        stride = allowed[below(len(allowed))]
        start = below(len(movie) - 3 * stride)
        middle, other = (stride + 1) // 2, 1 + below(stride - 1)
        inside = sorted((middle, other))
        places = [0, stride, stride + inside[0], stride + inside[1], 2 * stride, 3 * stride]
        share = float(torch.rand((), generator=random, device=random.device))
        zoom = self.coarsest * (self.finest / self.coarsest) ** share
        zoom = min(1.0, max(zoom, self.side / min(movie.shape[1:])))
        span = min(round(self.side / zoom), *movie.shape[1:])
        y, x = below(movie.shape[1] - span + 1), below(movie.shape[2] - span + 1)
        frames = movie[[start + p for p in places], y : y + span, x : x + span]
        frames = functional.interpolate(frames[None], size=(self.side, self.side), mode="area")[0]
        times = torch.tensor(places, dtype=torch.float32, device=movie.device) / stride - 1
        return frames, times
