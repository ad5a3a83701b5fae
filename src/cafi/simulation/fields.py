"""Random fields: scalar noise with a chosen spectrum, and smooth vectors; all periodic, mean 0, variance 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import normal

if TYPE_CHECKING:
    from torch import Generator, Tensor


def power_law(count: int, side: int, exponent: Tensor, finest: Tensor, coarsest: Tensor, random: Generator) -> Tensor:
    """Noise whose amplitude falls with spatial frequency as f ** -exponent, within a band.

    Parameters
    ----------
    count, side : int
    exponent, finest, coarsest : Tensor of float32, shape (count,)
        Of the amplitude spectrum; shortest and longest wavelength in pixels (soft limits).

    Returns
    -------
    Tensor of float32, shape (count, side, side)
    """
    fy = torch.fft.fftfreq(side, device=random.device)[:, None]
    fx = torch.fft.rfftfreq(side, device=random.device)
    frequency = (fy**2 + fx**2).sqrt()
    frequency[0, 0] = 1 / side
    e, fine, coarse = (v[:, None, None] for v in (exponent, finest, coarsest))
    amplitude = frequency**-e * torch.exp(-((frequency * fine) ** 2)) * (1 - torch.exp(-((frequency * coarse) ** 2)))
    amplitude[:, 0, 0] = 0
    spectrum = torch.fft.rfft2(normal((count, side, side), random)) * amplitude
    field = torch.fft.irfft2(spectrum, s=(side, side))
    return field / field.std((1, 2), keepdim=True).clamp_min(1e-6)


def smooth_vectors(count: int, side: int, wavelength: Tensor, exponent: Tensor, random: Generator) -> Tensor:
    """Smooth vector fields without features shorter than about ``wavelength`` pixels.

    Parameters
    ----------
    count, side : int
    wavelength, exponent : Tensor of float32, shape (count,)
        In pixels; of the amplitude spectrum: 0 gives swirls of one size, 11/6 those of two-dimensional
        turbulence (energy per wave number falling with its 5/3rd power, Kolmogorov 1941).

    Returns
    -------
    Tensor of float32, shape (count, 2, side, side)
    """
    twice, slope = wavelength.repeat_interleave(2), exponent.repeat_interleave(2)
    coarsest = torch.full_like(twice, 8 * side)
    return power_law(2 * count, side, slope, 1.2 * twice, coarsest, random).unflatten(0, (count, 2))
