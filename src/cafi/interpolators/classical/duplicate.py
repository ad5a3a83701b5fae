"""The nearest acquired frame again: what a microscopist has without interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cafi.interpolators.protocol import Prediction

if TYPE_CHECKING:
    from torch import Tensor


class Duplicate:
    """Nearest neighbour in time; exactly in the middle, the earlier frame."""

    name = "duplicate"
    summary = "the nearest acquired frame again"
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
        later = (t > 0.5)[:, None, None, None]
        return Prediction(frames[:, 1].where(later, frames[:, 0]))
