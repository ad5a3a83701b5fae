"""Backward warping that gives nothing where it would have to look outside the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

WHOLE = 0.9999  # of a pixel's bilinear weights that must lie inside


def masked_warp(image: Tensor, flow: Tensor) -> Tensor:
    """Fetch ``image`` at every pixel's place plus ``flow``; 0 where any of the four neighbours lies outside.

    Sun et al. (2018), PWC-Net, as its published code does it: the border pixel's centre is the image's edge
    (``align_corners=True``).

    Parameters
    ----------
    image : Tensor of float, shape (B, C, Y, X)
    flow : Tensor of float, shape (B, 2, Y, X)
        Displacement (x, y) in pixels.

    Returns
    -------
    Tensor, shape (B, C, Y, X)
    """
    height, width = image.shape[-2:]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype) + flow[:, 0]
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None] + flow[:, 1]
    place = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], -1)

    def fetch(values: Tensor) -> Tensor:
        return functional.grid_sample(values, place, mode="bilinear", padding_mode="zeros", align_corners=True)

    with torch.no_grad():
        inside = fetch(torch.ones_like(image[:, :1])) >= WHOLE
    return fetch(image) * inside
