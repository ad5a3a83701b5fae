"""Local cost volume: how alike two feature maps are at every small displacement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 16  # pixels along x that one matrix product compares


def local_similarity(first: Tensor, last: Tensor, radius: int) -> Tensor:
    """Cosine similarity of features in ``first`` at x and in ``last`` at x + d, for all |d| <= radius.

    Parameters
    ----------
    first, last : Tensor of float, shape (B, F, Y, X)
    radius : int
        Largest displacement along each axis, in pixels of the feature map.

    Returns
    -------
    Tensor, shape (B, (2 * radius + 1) ** 2, Y, X)
        Row by row: d = (-radius, -radius) first, x fastest; 0 where x + d lies outside.
    """
    width, side = first.shape[-1], 2 * radius + 1
    fill = -width % BLOCK
    first = functional.pad(functional.normalize(first, dim=1), (0, fill))
    last = functional.pad(functional.normalize(last, dim=1), (radius, radius + fill, radius, radius))
    blocks = first.permute(0, 2, 3, 1).unflatten(2, (-1, BLOCK))
    shifted = last.unfold(3, BLOCK + 2 * radius, BLOCK).permute(0, 2, 3, 1, 4)
    height = first.shape[2]
    rows = []
    for dy in range(side):
        # Each row of a block against all columns it can reach; of those products the wanted ones lie on a band.
        products = (blocks @ shifted[:, dy : dy + height]).flatten(-2)
        rows.append(products.unfold(-1, side, BLOCK + 2 * radius + 1))
    similar = torch.stack(rows, dim=-2).flatten(-2).flatten(2, 3)
    return similar[:, :, :width].permute(0, 3, 1, 2)
