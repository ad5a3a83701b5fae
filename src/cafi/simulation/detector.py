"""A camera in its own physical units: photons in, grey values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import normal, uniform

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class Detector:
    """A digital camera.

    Attributes
    ----------
    gain, offset : float
        Grey values for each detected photon; grey value without light.
    read_noise : float
        Photons (standard deviation).
    bits : int
        Of a grey value.
    multiplying : bool
        Whether an electron-multiplying register amplifies each photon by a random factor.
    uneven : float
        Standard deviation of the gain over the pixels (sCMOS).
    hot : float
        Share of pixels that are saturated in every frame.
    """

    gain: float
    offset: float = 100.0
    read_noise: float = 1.5
    bits: int = 16
    multiplying: bool = False
    uneven: float = 0.0
    hot: float = 0.0

    def expected(self, photons: Tensor) -> Tensor:
        """Return the mean grey value for an expected number of photons: the noise-free truth."""
        return self.offset + self.gain * photons

    def variance(self, photons: Tensor) -> Tensor:
        """Return the variance of the grey value; multiplication doubles that of photons (Robbins & Hadwen 2003)."""
        excess = 2.0 if self.multiplying else 1.0
        return self.gain**2 * (excess * photons + self.read_noise**2) + 1 / 12

    def record(self, photons: Tensor, random: Generator) -> Tensor:
        """Record frames.

        Parameters
        ----------
        photons : Tensor of float32, shape (..., Y, X)
            Expected number, 0 or more.
        random : Generator

        Returns
        -------
        Tensor of int32, same shape
            Grey values from 0 to 2**bits - 1.
        """
        caught = torch.poisson(photons, random)
        if self.multiplying:
            caught = _multiplied(caught, random)
        plane = tuple(photons.shape[-2:])
        unevenness = (1 + self.uneven * normal(plane, random)).clamp_min(0)
        read = self.read_noise * normal(tuple(photons.shape), random)
        grey = (self.gain * (unevenness * caught + read) + self.offset).round()
        white = 2**self.bits - 1
        burning = uniform(plane, 0, 1, random) < self.hot
        return torch.where(burning, torch.full_like(grey, white), grey).clamp(0, white).int()


def _multiplied(caught: Tensor, random: Generator) -> Tensor:
    """Electrons per unit of gain after the register: a gamma variate, by the Wilson-Hilferty approximation (1931)."""
    shape = caught.clamp_min(1)
    root = 1 - 1 / (9 * shape) + normal(tuple(caught.shape), random) / (3 * shape.sqrt())
    return torch.where(caught > 0, shape * root.clamp_min(0) ** 3, 0.0)
