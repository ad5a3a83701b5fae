"""A method mixed with linear blending where next to nothing moves, as far as the movie advises."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from cafi.interpolators.protocol import Interpolator, Prediction

STILL = 1.0  # pixels over the gap: where it moves so far, 1 / e of the mixture is left


class Mixed:
    """See `Interpolator`; to move both ends by a fraction of a pixel can cost more detail than it brings.

    Parameters
    ----------
    method : Interpolator
        That says what it moved.
    shares : sequence of float
        Of linear blending in each channel and sample, in [0, 1], where nothing moves.
    """

    def __init__(self, method: Interpolator, shares: Sequence[float]) -> None:
        self.method, self.shares = method, tuple(shares)
        self.name, self.summary, self.context, self.times = method.name, method.summary, method.context, method.times
        self.reach, self.multiple, self.zoom = method.reach, method.multiple, method.zoom
        self.classical, self.colour = method.classical, method.colour
        self.bytes_per_pixel = method.bytes_per_pixel
        self.bytes_beside = getattr(method, "bytes_beside", 0)
        self.card = getattr(method, "card", None)

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict frames inside gaps; see `Interpolator.predict`."""
        made = self.method.predict(frames, frame_times, t, valid)
        if made.motion is None:
            return made
        before, after = frames[:, self.context - 1], frames[:, self.context]
        shares = made.mean.new_tensor(self.shares)[:, None, None]
        blend = torch.lerp(before, after, t[:, None, None, None])
        return replace(made, mean=torch.lerp(made.mean, blend, shares * stillness(made.motion)))


def stillness(motion: Tensor) -> Tensor:
    """Tell where nothing moves: 1; less where it does, 0 from some pixels over the gap on.

    Parameters
    ----------
    motion : Tensor of float32, shape (B, 2, 2, Y, X)
        As in `Prediction`.

    Returns
    -------
    Tensor, shape (B, 1, Y, X)
    """
    over_the_gap = motion[:, 1] - motion[:, 0]
    return torch.exp(-((over_the_gap / STILL) ** 2).sum(1, keepdim=True))
