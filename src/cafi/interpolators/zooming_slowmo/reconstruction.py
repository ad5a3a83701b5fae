"""From features to a frame, at once, twice or four times the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from cafi.interpolators.zooming_slowmo.features import rectify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn


def reconstruct(
    features: Tensor, trunk: nn.Module, doublings: Sequence[nn.Module], fine: nn.Module, last: nn.Module
) -> Tensor:
    """Return frames (B, 3, s * Y, s * X), not clamped, from features (B, F, Y, X).

    Parameters
    ----------
    features : Tensor
    trunk : Module
        Residual blocks.
    doublings : sequence of Module
        Convolutions to four times the features, each followed by a pixel shuffle (Shi et al. 2016): two as published
        for 4x, one for 2x, none for 1x.
    fine, last : Module
        The convolutions at the final size.
    """
    features = trunk(features)
    for doubling in doublings:
        features = rectify(functional.pixel_shuffle(doubling(features), 2))
    result: Tensor = last(rectify(fine(features)))
    return result
