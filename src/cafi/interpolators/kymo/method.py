"""Kymo as a method that the engine can run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from cafi.errors import CafiError
from cafi.interpolators.kymo.motion import Window
from cafi.interpolators.kymo.network import Architecture, Kymo
from cafi.interpolators.protocol import Prediction
from cafi.interpolators.weights import load_weights, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from cafi.interpolators.kymo.network import Answer


class KymoMethod:
    """Predict every channel on its own with the Kymo network; see `Interpolator`.

    Parameters
    ----------
    weights : Path, optional
        Of one's own training; the shipped ones otherwise.

    Raises
    ------
    CafiError
        If the weights are missing, damaged or of another version.
    """

    name = "kymo"
    summary = "a small network made for noisy microscopy"
    context = 2
    times: Literal["any", "middle"] = "any"
    reach: int | None = 64
    zoom = 1
    classical = False
    colour = False
    bytes_per_pixel = 600

    def __init__(self, weights: Path | None = None) -> None:
        path = weights or shipped(self.name)
        self.card, tensors = load_weights(path, self.name)
        try:
            self._network = Kymo(Architecture(**self.card.architecture))
            self._network.load_state_dict(tensors)
        except (TypeError, RuntimeError) as error:
            raise CafiError(
                f"{path}: these weights are of another version of {self.name}; train them again."
            ) from error
        self._network.eval().requires_grad_(False)
        self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.multiple = 4 * 2 ** (self._network.architecture.levels - 1)

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict frames inside gaps; see `Interpolator.predict`."""
        b, _, c = frames.shape[:3]
        self._network.to(frames.device)
        alone = frames.transpose(1, 2).flatten(0, 1)
        window = Window(alone, *(v.float().repeat_interleave(c, 0) for v in (frame_times, t, valid)))
        answer = self._network(window)
        return Prediction(
            answer.mean.view(b, c, *frames.shape[-2:]),
            answer.scale.view(b, c, *frames.shape[-2:]),
            _shared_motion(answer, b),
            answer.memory.mean((2, 3)).view(b, c, -1).mean(1),
        )


def _shared_motion(answer: Answer, batch: int) -> Tensor:
    """Displacement to both ends of the gap, mean over channels; (B, 2, 2, Y, X)."""
    return answer.flows[:, 1:3].unflatten(0, (batch, -1)).mean(1)
