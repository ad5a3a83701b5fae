"""Cubic interpolation in time, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from cafi.interpolators.protocol import Prediction

if TYPE_CHECKING:
    from torch import Tensor


class Cubic:
    """The Lagrange polynomial through the four frames around the gap, at their true times.

    At the ends of the movie, where only three or two frames exist, the polynomial through those:
    a parabola or a line. Exact for intensities that are cubic in time, however irregular the
    frames are (Waring 1779; Lagrange 1795).
    """

    name = "cubic"
    summary = "a cubic through four acquired frames, pixel by pixel"
    context = 2
    times: Literal["any", "middle"] = "any"
    reach: int | None = 0
    multiple = 1
    zoom = 1
    classical = True
    colour = False
    bytes_per_pixel = 24

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict as `Interpolator.predict` says."""
        weights = lagrange_weights(frame_times, t, valid)
        return Prediction(torch.einsum("bk,bkcyx->bcyx", weights, frames))


def lagrange_weights(frame_times: Tensor, t: Tensor, valid: Tensor) -> Tensor:
    """Weights of frames in the interpolating polynomial through the valid ones.

    Parameters
    ----------
    frame_times : Tensor of float32, shape (B, K)
    t : Tensor of float32, shape (B,)
    valid : Tensor of bool, shape (B, K)

    Returns
    -------
    Tensor of float32, shape (B, K)
        Sums to 1; 0 where not valid.
    """
    times, wanted = frame_times.double(), t.double()
    others = valid[:, None, :] & ~torch.eye(times.shape[1], dtype=torch.bool, device=times.device)
    distance = (times[:, :, None] - times[:, None, :]).where(others, torch.ones_like(times[:, :1, None]))
    factors = ((wanted[:, None, None] - times[:, None, :]) / distance).where(others, torch.ones_like(distance))
    weights = factors.prod(-1)
    return weights.where(valid, torch.zeros_like(weights)).to(frame_times.dtype)
