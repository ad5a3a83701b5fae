"""From expected light to what a camera records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.simulation.draw import chance, log_uniform, normal, uniform

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class Camera:
    """How noisy each movie of a batch is, for light in normalised units.

    Attributes
    ----------
    shot : Tensor, shape (B, 1, 1, 1)
        Variance of photon noise at light 1; it grows in proportion to the light.
    read : Tensor, shape (B, 1, 1, 1)
        Standard deviation that does not depend on light.
    grain : Tensor, shape (B, 1, 1, 1)
        Standard deviation in pixels of a blur of the noise: 0 is white noise.
    step : Tensor, shape (B, 1, 1, 1)
        Of quantisation; 0 is none.
    floor : Tensor, shape (B, 1, 1, 1)
        Light at which there are no photons.
    skew : Tensor, shape (B, 1, 1, 1)
        Skewness of the noise: that of few photons, more so behind an electron-multiplying register.
    pattern : Tensor, shape (B, 1, 1, 1)
        Standard deviation of a fixed offset of each pixel and column, in units of ``read``.
    hot : Tensor, shape (B, 1, 1, 1)
        Share of pixels that are far too bright in every frame.
    """

    shot: Tensor
    read: Tensor
    grain: Tensor
    step: Tensor
    floor: Tensor
    skew: Tensor
    pattern: Tensor
    hot: Tensor

    def expose(self, light: Tensor, random: Generator) -> Tensor:
        """Record frames (B, T, Y, X); hot pixels and camera patterns are the same in every frame."""
        white = _skewed(normal(tuple(light.shape), random), self.skew)
        soft = functional.avg_pool2d(white, 3, 1, 1, count_include_pad=False) * 3
        mixed = (white + self.grain * soft) / (1 + self.grain**2 + 2 * self.grain / 3).sqrt()
        exposed = light + self.deviation(light) * mixed + self._fixed(light[:, :1], random)
        stepped = (exposed / self.step.clamp_min(1e-6)).round() * self.step
        return torch.where(self.step > 0, stepped, exposed)

    def _fixed(self, frame: Tensor, random: Generator) -> Tensor:
        """What is wrong with each pixel, whatever the light: offsets of pixels and columns, and hot pixels."""
        one, columns = normal(tuple(frame.shape), random), normal(tuple(frame[:, :, :1].shape), random)
        offsets = self.pattern * self.read * (one + columns) / 2**0.5
        burning = (uniform(tuple(frame.shape), 0, 1, random) < self.hot).float()
        return offsets + 0.5 * burning

    def deviation(self, light: Tensor) -> Tensor:
        """Return the standard deviation over time of what is recorded, shape as ``light``."""
        return (self.shot * (light - self.floor).clamp_min(0) + self.read**2 + self.step**2 / 12).sqrt()


def _skewed(white: Tensor, skew: Tensor) -> Tensor:
    """Bend standard normal noise so that it has this skewness (about, below 1), still of mean 0 and variance 1."""
    bend = skew / 6
    return (white + bend * (white**2 - 1)) / (1 + 2 * bend**2).sqrt()


def random_camera(count: int, random: Generator) -> Camera:
    """Draw cameras from nearly clean to photon-starved."""
    shape = (count, 1, 1, 1)
    level = log_uniform(shape, 0.001, 0.15, random)  # standard deviation at light 1
    share = uniform(shape, 0, 1, random)
    correlated = chance(shape, 0.3, random) * uniform(shape, 0, 1.5, random)
    step = chance(shape, 0.3, random) * uniform(shape, 1 / 255, 1 / 60, random)
    floor = chance(shape, 0.3, random) * uniform(shape, -1.0, 0.0, random)
    skew = chance(shape, 0.4, random) * uniform(shape, 0, 1, random)
    pattern = chance(shape, 0.15, random) * uniform(shape, 0, 0.5, random)
    hot = chance(shape, 0.1, random) * log_uniform(shape, 1e-5, 5e-4, random)
    return Camera(share * level**2, (1 - share).sqrt() * level, correlated, step, floor, skew, pattern, hot)
