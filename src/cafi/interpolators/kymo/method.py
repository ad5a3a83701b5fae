"""Kymo as a method that the engine can run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from cafi.errors import CafiError
from cafi.interpolators.kymo.likeness import Likeness
from cafi.interpolators.kymo.motion import Window
from cafi.interpolators.kymo.network import Architecture, Kymo
from cafi.interpolators.kymo.pieces import predict_in_pieces
from cafi.interpolators.protocol import Prediction
from cafi.interpolators.weights import load_weights, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


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
    reach: int | None = None
    zoom = 1
    classical = False
    colour = False
    multiple = Kymo.MULTIPLE
    bytes_per_pixel = 60  # and 0.5 GB for the piece at work, whatever the frame
    bytes_beside = 540  # the piece included
    mixes = True

    def __init__(self, weights: Path | None = None) -> None:
        path = weights or shipped(self.name)
        self.card, tensors = load_weights(path, self.name)
        try:
            self.network = Kymo(Architecture(**self.card.architecture))
            self.network.load_state_dict(tensors)
            usual, features = self.card.usual, self.network.architecture.near
            self._likeness = Likeness.known(usual, features) if usual else None
        except (TypeError, ValueError, RuntimeError) as error:
            raise CafiError(
                f"{path}: these weights are of another version of {self.name}; train them again."
            ) from error
        self.network.eval().requires_grad_(False)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict frames inside gaps; see `Interpolator.predict`."""
        b, _, c = frames.shape[:3]
        self.network.to(frames.device)
        alone = frames.transpose(1, 2).flatten(0, 1)
        window = Window(alone, *(v.float().repeat_interleave(c, 0) for v in (frame_times, t, valid)))
        answer = predict_in_pieces(self.network, window)
        return Prediction(
            answer.mean.view(b, c, *frames.shape[-2:]),
            answer.scale.view(b, c, *frames.shape[-2:]),
            answer.flows.unflatten(0, (b, c)).mean(1) if c > 1 else answer.flows,
            None if self._likeness is None else self._likeness.strangeness(answer.features).view(b, c),
        )
