"""Bands of detail, from fine to coarse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def smoothed(image: Tensor, step: int) -> Tensor:
    """Binomial mean (1, 2, 1) / 4 along both axes over pixels ``step`` apart; beyond the border the edge is repeated.

    With steps 1, 2, 4, ... what each smoothing takes away is a plane of the undecimated "a trous" wavelet transform
    (Holschneider et al. 1989); the planes and the last smooth image sum to the image.

    Parameters
    ----------
    image : Tensor of float, shape (B, C, Y, X)
        Sides of at least ``step`` pixels.
    step : int
        In pixels.

    Returns
    -------
    Tensor, same shape
    """
    padded = functional.pad(image, (step, step, step, step), mode="replicate")
    rows = (padded[..., step:-step] * 2).add_(padded[..., : -2 * step]).add_(padded[..., 2 * step :])
    both = (rows[:, :, step:-step] * 2).add_(rows[:, :, : -2 * step]).add_(rows[:, :, 2 * step :])
    return both / 16
