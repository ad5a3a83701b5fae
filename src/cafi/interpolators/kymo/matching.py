"""Comparing the features of two frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cafi.layers.matching import local_similarity

if TYPE_CHECKING:
    from torch import Tensor


class Matching(nn.Module):
    """Cosine similarity of features after a learned linear map."""

    def __init__(self, features: int, radius: int) -> None:
        super().__init__()
        self.radius = radius
        self.compare = nn.Conv2d(features, features, 1, bias=False)
        self.certainty = nn.Parameter(torch.tensor(10.0))

    def forward(self, first: Tensor, last: Tensor) -> Tensor:
        """Similarity at every displacement within the radius, see `local_similarity`."""
        return local_similarity(self.compare(first), self.compare(last), self.radius)

    def agreement(self, first: Tensor, last: Tensor) -> Tensor:
        """Similarity at the same place, (B, 1, Y, X)."""
        return functional.cosine_similarity(self.compare(first), self.compare(last), dim=1)[:, None]

    def expected(self, similar: Tensor) -> Tensor:
        """Expected displacement (x, y) under a softmax over similarities, (B, 2, Y, X)."""
        d = torch.arange(-self.radius, self.radius + 1, device=similar.device, dtype=torch.float32)
        grid = torch.stack([d.repeat(len(d)), d.repeat_interleave(len(d))])
        weights = (self.certainty * similar.float()).softmax(1)
        return torch.einsum("kd,bdyx->bkyx", grid, weights)
