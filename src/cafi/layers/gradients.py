"""Displacement from image gradients: what is left after matching, to a fraction of a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.layers.averaging import box_mean

if TYPE_CHECKING:
    from torch import Tensor


def gradient_step(first: Tensor, last: Tensor, window: int, damping: Tensor | float) -> Tensor:
    """Displacement d for which ``last`` at x + d is most like ``first`` at x, in a window around every second pixel.

    One step of Lucas and Kanade (1981), with the mean of both images' gradients.

    Parameters
    ----------
    first, last : Tensor of float32, shape (B, 1, Y, X)
    window : int
        Side of the window, odd, in steps of two pixels.
    damping : Tensor or float
        Added to the mean square gradient, in squared intensity per squared pixel: where gradients are weaker, d
        tends to 0.

    Returns
    -------
    Tensor, shape (B, 2, Y / 2, X / 2)
        (x, y) in pixels, each within two pixels.
    """
    padded = functional.pad((first + last) / 2, (1, 1, 1, 1), mode="replicate")
    x = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    y = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    e = first - last
    products = torch.cat([x * x, x * y, y * y, x * e, y * e], 1)
    xx, xy, yy, xe, ye = box_mean(functional.avg_pool2d(products, 2), window).unbind(1)
    xx, yy = xx + damping, yy + damping
    determinant = xx * yy - xy * xy
    d = torch.stack([yy * xe - xy * ye, xx * ye - xy * xe], 1) / determinant[:, None]
    return d.clamp(-2, 2)
