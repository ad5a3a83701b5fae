"""Linear blending of the two acquired frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from cafi.interpolators.protocol import Prediction

if TYPE_CHECKING:
    from torch import Tensor


class Linear:
    """(1 - t) times the earlier frame plus t times the later one."""

    name = "linear"
    summary = "blends the two acquired frames"
    context = 1
    times: Literal["any", "middle"] = "any"
    reach: int | None = 0
    multiple = 1
    zoom = 1
    classical = True
    colour = False
    bytes_per_pixel = 16

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict as `Interpolator.predict` says."""
        del frame_times, valid
        return Prediction(torch.lerp(frames[:, 0], frames[:, 1], t[:, None, None, None]))
