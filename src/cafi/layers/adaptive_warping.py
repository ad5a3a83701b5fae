"""Adaptive warping: backward warping whose interpolation kernel is learned for every pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 4  # pixels of a kernel


def adaptive_warp(image: Tensor, flow: Tensor, kernels: Tensor, top: int = 0) -> Tensor:
    """Fetch a 4 x 4 window of ``image`` at every pixel's place plus ``flow``, weighted by the pixel's own kernel.

    Bao et al. (2019), MEMC-Net, equations 4 to 6. The window's four quarters are weighted like the four neighbours
    in bilinear interpolation. The image's edge is repeated; a pixel whose place lies outside the image, or half an
    image away, stays what it was.

    Parameters
    ----------
    image : Tensor of float, shape (B, C, Y, X)
    flow : Tensor of float, shape (B, 2, y, X)
        Displacement (x, y) in pixels, for all rows of the image or for some.
    kernels : Tensor of float, shape (B, 16, y, X)
        Row by row; need not sum to 1.
    top : int
        The first row of the image that ``flow`` speaks of.

    Returns
    -------
    Tensor, shape (B, C, y, X)
        In the dtype of flow and kernels.
    """
    height, width = image.shape[-2:]
    dx, dy = flow.unbind(1)
    across = torch.arange(width, device=flow.device)
    down = torch.arange(top, top + flow.shape[-2], device=flow.device)[:, None]
    x, y = across + dx, down + dy
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    inside &= (dx.abs() < width / 2) & (dy.abs() < height / 2)
    columns, right = _taps(torch.where(inside, x, 0), width)
    rows, below = _taps(torch.where(inside, y, 0), height)
    places = (rows[:, :, None] * width + columns[:, None]).flatten(1, 2)
    shares = kernels * (below[:, :, None] * right[:, None]).flatten(1, 2)
    # What stays is fetched from its own place, whole.
    itself = torch.arange(SIDE * SIDE, device=flow.device).view(1, -1, 1, 1) == 0
    places = torch.where(inside[:, None], places, down * width + across)
    shares = torch.where(inside[:, None], shares, itself.to(shares.dtype))
    return _weighted_sums(image, places, shares)


def _taps(place: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """The four pixels around a place along one axis, clamped into the image, and the share of each.

    Both of shape (B, 4, Y, X).
    """
    first = place.detach().floor()
    share = place - first
    offsets = torch.arange(-1, SIDE - 1, device=place.device).view(1, SIDE, 1, 1)
    pixels = (first.long()[:, None] + offsets).clamp(0, length - 1)
    return pixels, torch.stack([1 - share, 1 - share, share, share], 1)


def _weighted_sums(image: Tensor, places: Tensor, shares: Tensor) -> Tensor:
    """For every pixel the weighted sum of the image at 16 places, shape (B, C, Y, X)."""
    b, c, height, width = image.shape
    # With channels last a place is one row of memory, and what is fetched is added up without being stored.
    table = image.to(shares.dtype).permute(0, 2, 3, 1).contiguous().view(-1, c)
    begin = torch.arange(b, device=image.device).view(b, 1, 1, 1) * (height * width)
    rows = (places + begin).permute(0, 2, 3, 1).reshape(-1, SIDE * SIDE)
    weights = shares.permute(0, 2, 3, 1).reshape(-1, SIDE * SIDE)
    fetched = functional.embedding_bag(rows, table, mode="sum", per_sample_weights=weights)
    return fetched.view(b, -1, width, c).permute(0, 3, 1, 2)
