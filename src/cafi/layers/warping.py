"""Backward warping: every output pixel fetches what lies at its own place plus a displacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def warp(
    image: Tensor,
    flow: Tensor,
    outside: Literal["border", "zeros"] = "border",
    top: int = 0,
) -> Tensor:
    """Fetch ``image`` at every pixel's place plus ``flow``, linearly interpolated, for all rows or some.

    Parameters
    ----------
    image : Tensor of float, shape (B, C, Y, X)
    flow : Tensor of float32, shape (B, 2, R, X)
        Displacement (x, y) in pixels, of rows from ``top`` on.
    outside : 'border' or 'zeros'
        What is fetched beyond the border: the edge again, or nothing.
    top : int
        First row that is wanted.

    Returns
    -------
    Tensor of float32, shape (B, C, R, X)
    """
    (height, width), rows = image.shape[-2:], flow.shape[-2]
    # grid_sample without align_corners counts from -1 at the first pixel's left edge to 1 at the last one's right.
    x = (2 * torch.arange(width, device=flow.device, dtype=torch.float32) + 1) / width - 1
    y = (2 * torch.arange(top, top + rows, device=flow.device, dtype=torch.float32) + 1) / height - 1
    here = torch.stack([x.expand(rows, width), y[:, None].expand(rows, width)])
    place = torch.addcmul(
        here, flow.float(), flow.new_tensor([2 / width, 2 / height], dtype=torch.float32)[:, None, None]
    )
    return functional.grid_sample(
        image.float(), place.permute(0, 2, 3, 1), mode="bilinear", padding_mode=outside, align_corners=False
    )


def resize_flow(flow: Tensor, factor: int) -> Tensor:
    """Bring displacements to a grid that is ``factor`` times finer, in pixels of that grid.

    Parameters
    ----------
    flow : Tensor, shape (B, 2 * N, Y, X)
    factor : int

    Returns
    -------
    Tensor, shape (B, 2 * N, factor * Y, factor * X)
    """
    return factor * functional.interpolate(flow, scale_factor=float(factor), mode="bilinear", align_corners=False)
