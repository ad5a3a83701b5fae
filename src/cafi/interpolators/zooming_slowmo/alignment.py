"""Pyramid, cascading and deformable (PCD) alignment: features of two frames, each moved towards the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from cafi.interpolators.zooming_slowmo.features import FeaturePyramid, convolution, enlarge, rectify
from cafi.layers.deformable import deformable_convolution

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.interpolators.zooming_slowmo.features import Pyramid

TAPS = 9


class DeformableLayer(nn.Module):
    """Deformable convolution whose offsets and masks are read from other features; at first it displaces nothing."""

    def __init__(self, features: int, groups: int) -> None:
        super().__init__()
        ordinary = convolution(features, features)
        self.weight, self.bias = ordinary.weight, ordinary.bias
        self.conv_offset_mask = convolution(features, 3 * TAPS * groups)
        nn.init.zeros_(self.conv_offset_mask.weight)
        nn.init.zeros_(self.conv_offset_mask.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, guide: Tensor) -> Tensor:
        """Convolve ``features`` at places that ``guide`` tells; all are (B, F, Y, X)."""
        both = self.conv_offset_mask(guide)
        offset, mask = both.split([both.shape[1] * 2 // 3, both.shape[1] // 3], 1)
        return deformable_convolution(features, offset, mask.sigmoid(), self.weight, self.bias)  # type: ignore[arg-type]


class Alignment(nn.Module):
    """Move the pyramid of one frame towards the other, and the other way round, from coarse to fine.

    The network's layers are named by level, use and direction, as the published checkpoints name them.
    """

    def __init__(self, features: int, groups: int) -> None:
        super().__init__()
        for direction in (1, 2):
            for level in (3, 2, 1):
                wide = {1} if level == 3 else {1, 2}  # see two feature maps one above the other
                for k in range(1, 3 if level == 3 else 4):
                    layer = convolution((1 + (k in wide)) * features, features)
                    self.add_module(f"L{level}_offset_conv{k}_{direction}", layer)
                self.add_module(f"L{level}_dcnpack_{direction}", DeformableLayer(features, groups))
                if level < 3:
                    self.add_module(f"L{level}_fea_conv_{direction}", convolution(2 * features, features))

    def forward(self, first: Pyramid, second: Pyramid) -> Tensor:
        """Return ``first`` moved towards ``second``, then ``second`` moved towards ``first``: (B, 2 * F, Y, X)."""
        return torch.cat([self._moved(first, second, 1), self._moved(second, first, 2)], 1)

    def _moved(self, own: Pyramid, other: Pyramid, direction: int) -> Tensor:
        guide, moved = self._coarsest(own[2], other[2], direction)
        for level in (2, 1):
            guide, moved = self._finer(own[level - 1], other[level - 1], guide, moved, level, direction)
            moved = rectify(moved) if level == 2 else moved
        return moved

    def _coarsest(self, own: Tensor, other: Tensor, direction: int) -> tuple[Tensor, Tensor]:
        """Return what tells offsets, and the moved features, a quarter of the size."""
        guide = torch.cat([own, other], 1)
        for k in (1, 2):
            guide = rectify(self._layer(f"L3_offset_conv{k}", direction)(guide))
        return guide, rectify(self._layer("L3_dcnpack", direction)(own, guide))

    def _finer(
        self, own: Tensor, other: Tensor, guide: Tensor, moved: Tensor, level: int, direction: int
    ) -> tuple[Tensor, Tensor]:
        """Do the same at one level finer, from what the coarser one found."""
        first, second, third = (self._layer(f"L{level}_offset_conv{k}", direction) for k in (1, 2, 3))
        guide = torch.cat([rectify(first(torch.cat([own, other], 1))), 2 * enlarge(guide)], 1)
        guide = rectify(third(rectify(second(guide))))
        here = self._layer(f"L{level}_dcnpack", direction)(own, guide)
        return guide, self._layer(f"L{level}_fea_conv", direction)(torch.cat([here, enlarge(moved)], 1))

    def _layer(self, name: str, direction: int) -> nn.Module:
        return self.get_submodule(f"{name}_{direction}")


class Aligner(FeaturePyramid):
    """Pyramids of two feature maps, their alignment, and both in one feature map again."""

    def __init__(self, features: int, groups: int) -> None:
        super().__init__(features)
        self.pcd_align = Alignment(features, groups)
        self.fusion = nn.Conv2d(2 * features, features, 1)

    def between(self, first: Pyramid, second: Pyramid) -> Tensor:
        """Return features (B, F, Y, X) between those of two pyramids."""
        result: Tensor = self.fusion(self.pcd_align(first, second))
        return result
