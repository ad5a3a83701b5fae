"""Still textures of many kinds, periodic, brightness in [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import log_uniform, normal, uniform
from cafi.simulation.fields import power_law

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Generator, Tensor

    Texture = Callable[[int, int, Generator], Tensor]


def grain(count: int, side: int, random: Generator) -> Tensor:
    """Cytoplasm, sheets of cells, speckle: noise with a power-law spectrum and a random contrast curve."""
    exponent = uniform((count,), 0.0, 2.2, random)
    finest = log_uniform((count,), 1.5, 8, random)
    field = power_law(count, side, exponent, finest, log_uniform((count,), 20, 4 * side, random), random)
    contrast = log_uniform((count, 1, 1), 0.6, 3.0, random)
    return torch.sigmoid(contrast * (field - normal((count, 1, 1), random)))


def network(count: int, side: int, random: Generator) -> Tensor:
    """Membranes, filament meshes, foam: the zero-crossings of smooth noise, drawn as lines of some width."""
    scale = log_uniform((count,), 8, 60, random)
    field = power_law(count, side, uniform((count,), 0, 1, random), scale, 6 * scale, random)
    width = log_uniform((count, 1, 1), 0.06, 0.4, random)
    uneven = 0.6 + 0.4 * torch.tanh(power_law(count, side, 0 * scale + 1, scale / 2, 8 * scale, random))
    return torch.exp(-0.5 * (field / width) ** 2) * uneven


def blobs(count: int, side: int, random: Generator) -> Tensor:
    """Nuclei, colonies, islands: smooth noise above a level, with soft or sharp edges and some inner texture."""
    scale = log_uniform((count,), 6, 50, random)
    field = power_law(count, side, 0 * scale, scale, 4 * scale, random)
    level, sharpness = uniform((count, 1, 1), 0, 1.5, random), log_uniform((count, 1, 1), 3, 30, random)
    inner = 1 - uniform((count, 1, 1), 0, 0.6, random) * torch.sigmoid(2 * grain_field(count, side, random))
    return torch.sigmoid(sharpness * (field - level)) * inner


def grain_field(count: int, side: int, random: Generator) -> Tensor:
    """Fine noise, mean 0, variance 1."""
    fine = log_uniform((count,), 2, 10, random)
    return power_law(count, side, uniform((count,), 0, 1.5, random), fine, 10 * fine, random)


def speckles(count: int, side: int, random: Generator) -> Tensor:
    """Vesicles, puncta, dust: sparse peaks of band-limited noise."""
    size = log_uniform((count,), 2.5, 12, random)
    field = power_law(count, side, 0 * size, size, 3 * size, random)
    peaks = (field - uniform((count, 1, 1), 0.8, 2.5, random)).clamp_min(0)
    return peaks / peaks.amax((1, 2), keepdim=True).clamp_min(1e-3)


def cobbles(count: int, side: int, random: Generator) -> Tensor:
    """Epithelium and bubbles: a Voronoi mosaic, its edges bright and its tiles of uneven brightness."""
    grid = 24
    step = side / grid
    spacing = log_uniform((count, 1, 1), 1.5, 5, random)  # of tiles, in steps of the grid
    keep = torch.rand((count, grid, grid), generator=random, device=random.device) < spacing**-2
    keep[:, 0, 0] = True
    jitter = uniform((count, grid, grid, 2), 0, 1, random)
    base = torch.stack(torch.meshgrid(*(torch.arange(grid, device=random.device),) * 2, indexing="ij"), -1)
    seeds = torch.where(keep[..., None], (base + jitter) * step, 1e6).flatten(1, 2)
    most = int(keep.sum((1, 2)).max())
    seeds = seeds.gather(1, seeds[..., 0].argsort(1)[:, :most, None].expand(-1, -1, 2))
    coarse = torch.arange(0, side, 2, device=random.device, dtype=torch.float32)
    pixels = torch.cartesian_prod(coarse, coarse)
    offset = (pixels[None, :, None] - seeds[:, None]).abs()
    distance = torch.minimum(offset, (side - offset).abs()).square().sum(-1).sqrt()
    nearest, which = distance.topk(min(2, most), largest=False)
    edge = nearest[..., -1] - nearest[..., 0]
    width = log_uniform((count, 1), 1.0, 5.0, random)
    tile = uniform((count, most), 0, 1, random).gather(1, which[..., 0]) * uniform((count, 1), 0, 0.6, random)
    mosaic = torch.maximum(torch.exp(-((edge / width) ** 2)), tile).reshape(count, 1, len(coarse), len(coarse))
    return torch.nn.functional.interpolate(mosaic, size=(side, side), mode="bilinear", align_corners=False)[:, 0]


TEXTURES: tuple[Texture, ...] = (grain, network, blobs, speckles, cobbles)
