"""Bodies made of light: many small Gaussian spots, drawn by one matrix product for each frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def splat(place: Tensor, sigma: Tensor, brightness: Tensor, side: int) -> Tensor:
    """Sum of Gaussian spots.

    Parameters
    ----------
    place : Tensor, shape (B, T, N, 2)
        (y, x) in pixels.
    sigma, brightness : Tensor, shape broadcastable to (B, T, N)
        In pixels; of the peak.
    side : int

    Returns
    -------
    Tensor of float32, shape (B, T, side, side)
    """
    grid = torch.arange(side, device=place.device, dtype=torch.float32)
    width = sigma.expand(place.shape[:-1])[..., None]
    # In place, because reading and writing these arrays is most of the work.
    rows, columns = (grid.sub(place[..., axis, None]).div_(width).square_().mul_(-0.5).exp_() for axis in (0, 1))
    return (rows * brightness[..., None]).transpose(-1, -2) @ columns


def carry(texture: Tensor, displacement: Tensor) -> Tensor:
    """Show a periodic texture as displaced: each pixel shows what was at its place minus the displacement.

    Parameters
    ----------
    texture : Tensor, shape (B, P, P), or (B, T, P, P) if it changes
    displacement : Tensor, shape (B, T, 2, Y, X)
        (x, y) in pixels.

    Returns
    -------
    Tensor of float32, shape (B, T, Y, X)
    """
    period = texture.shape[-1]
    height, width = displacement.shape[-2:]
    x = torch.arange(width, device=texture.device) - displacement[:, :, 0]
    y = torch.arange(height, device=texture.device)[:, None] - displacement[:, :, 1]
    margin = 3
    images = texture.flatten(0, -3)[:, None]
    padded = torch.nn.functional.pad(images, (margin,) * 4, mode="circular")
    size = period + 2 * margin
    place = torch.stack([(2 * (v.remainder(period) + margin) + 1) / size - 1 for v in (x, y)], -1)
    shown = torch.nn.functional.grid_sample(
        padded, place.reshape(len(images), -1, width, 2), mode="bicubic", align_corners=False
    )
    return shown.reshape(*displacement.shape[:2], height, width)
