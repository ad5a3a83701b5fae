"""From light to what reaches the camera: blur, haze, phase contrast, shading."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.simulation.draw import chance, direction, log_uniform, normal, uniform
from cafi.simulation.fields import power_law

if TYPE_CHECKING:
    from torch import Generator, Tensor


def blur(light: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (B, T, Y, X); sigma in pixels."""
    reach = min(math.ceil(3 * sigma), light.shape[-1] - 1)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=light.device) / sigma) ** 2)
    kernel = kernel / kernel.sum()
    flat = functional.pad(light.flatten(0, 1)[:, None], (reach,) * 4, mode="reflect")
    flat = functional.conv2d(functional.conv2d(flat, kernel[None, None, None]), kernel[None, None, :, None])
    return flat[:, 0].unflatten(0, light.shape[:2])


def halo(light: Tensor, sigma: float) -> Tensor:
    """Blur by a wide Gaussian, computed on a smaller grid."""
    small = functional.avg_pool2d(light, 4)
    wide = blur(small, max(sigma / 4, 0.3))
    return functional.interpolate(wide, size=light.shape[-2:], mode="bilinear", align_corners=False)


def fluorescence(light: Tensor, random: Generator) -> Tensor:
    """Widefield to confocal: a point-spread function, and haze from out of focus."""
    n = len(light)
    haze = uniform((n, 1, 1, 1), 0, 1, random) ** 2
    focus = float(log_uniform((1,), 0.5, 2.0, random))
    return blur(light, focus) * (1 - 0.6 * haze) + haze * halo(light, float(log_uniform((1,), 6, 24, random)))


def phase_contrast(light: Tensor, random: Generator) -> Tensor:
    """Dark or bright bodies on grey, with a halo around them."""
    n = len(light)
    sharp = blur(light, float(log_uniform((1,), 0.5, 1.3, random)))
    wide = halo(light, float(log_uniform((1,), 4, 16, random)))
    sign = 1 - 2 * chance((n, 1, 1, 1), 0.6, random)
    return sign * (sharp - uniform((n, 1, 1, 1), 0, 1.2, random) * wide)


def relief(light: Tensor, random: Generator) -> Tensor:
    """Differential interference contrast: the slope of the light along one direction."""
    n = len(light)
    soft = blur(light, float(log_uniform((1,), 0.7, 2.0, random)))
    axis = direction((n,), random)[:, :, None, None]
    slope_y, slope_x = torch.gradient(soft, dim=(2, 3))
    return 3 * (axis[:, :1] * slope_y + axis[:, 1:] * slope_x) + uniform((n, 1, 1, 1), -0.2, 0.2, random) * soft


def defocused(light: Tensor, random: Generator) -> Tensor:
    """Brightfield: rings where the refractive index changes, from slightly out of focus."""
    inner = float(log_uniform((1,), 0.6, 2.0, random))
    rings = blur(light, inner) - blur(light, 1.8 * inner)
    return 2.5 * rings * (1 - 2 * chance((len(light), 1, 1, 1), 0.5, random)) - 0.3 * blur(light, inner)


def shading(shape: tuple[int, ...], random: Generator) -> Tensor:
    """Uneven illumination, light-sheet stripes, and dirt that stays where it is; factor (B, 1, Y, X) around 1."""
    n, side = shape[0], shape[-1]
    flat = torch.zeros(n, device=random.device)
    uneven = power_law(n, side, flat, flat + side / 2, flat + 8 * side, random)
    stripes = power_law(n, side, flat + 0.5, flat + 3, flat + 60, random)[:, :, :1].expand(-1, -1, side)
    dirt = power_law(n, side, flat, flat + 4, flat + 30, random)
    amount = 0.15 * normal((n, 1, 1), random).abs()
    striped, dirty = chance((n, 1, 1), 0.1, random), chance((n, 1, 1), 0.25, random)
    factor = 1 + amount * uneven + 0.08 * striped * stripes - 0.15 * dirty * (dirt - 1.2).clamp_min(0)
    return factor.clamp_min(0.2)[:, None]


CONTRASTS = ((fluorescence, 0.62), (phase_contrast, 0.18), (relief, 0.08), (defocused, 0.12))
