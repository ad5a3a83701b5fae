"""Correlation of two feature maps over small displacements: the cost volume of FlowNet and PWC-Net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def correlation(first: Tensor, last: Tensor, radius: int = 4) -> Tensor:
    """Mean product of features in ``first`` at x and in ``last`` at x + d, for all |d| <= radius along each axis.

    Dosovitskiy et al. (2015), FlowNet, equation 1, with patches of one pixel; radius 4 gives the 81 channels of
    Sun et al. (2018), PWC-Net.

    Parameters
    ----------
    first, last : Tensor of float, shape (B, C, Y, X)
    radius : int
        In pixels of the feature map.

    Returns
    -------
    Tensor, shape (B, (2 * radius + 1) ** 2, Y, X)
        Row by row: d = (-radius, -radius) first, x fastest; outside ``last`` counts as 0.
    """
    height, width = first.shape[-2:]
    side = 2 * radius + 1
    # With channels last each mean runs over neighbours in memory; one displacement at a time keeps memory linear.
    here = first.permute(0, 2, 3, 1).contiguous()
    there = functional.pad(last, (radius,) * 4).permute(0, 2, 3, 1).contiguous()
    means = [(here * there[:, y : y + height, x : x + width]).mean(-1) for y in range(side) for x in range(side)]
    return torch.stack(means, 1)
