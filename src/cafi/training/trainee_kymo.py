"""Kymo's trainee."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, ClassVar

import torch

from cafi.interpolators.kymo.guess import guess_velocity
from cafi.interpolators.kymo.motion import Window
from cafi.interpolators.kymo.network import Architecture, Kymo
from cafi.training.losses import brightness_loss, motion_loss, scale_loss, score_loss, structure_loss

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cafi.training.windows import Windows


class KymoTrainee:
    """Kymo: the expected score, structure, brightness, flows that fit the clean frames, and a likely scale."""

    WEIGHTS: ClassVar[dict[str, float]] = {"structure": 1.0, "brightness": 0.05, "motion": 0.25, "scale": 0.1}

    def __init__(self, architecture: dict[str, int], weights: dict[str, float]) -> None:
        sizes = Architecture(**architecture)
        self.network: nn.Module = Kymo(sizes)
        self.architecture: dict[str, int] = asdict(sizes)
        self.multiple = Kymo.MULTIPLE
        self._weights = self.WEIGHTS | weights

    def losses(self, network: nn.Module, windows: Windows) -> dict[str, Tensor]:
        """Return the weighted parts of the loss; the score alone has weight 1."""
        window = window_of(windows)
        answer = network(window, windows.guess)
        mean, truth = answer.mean, windows.truth
        flows = [*(motion.flows(window) for motion in answer.steps), answer.flows]
        parts = {
            "structure": structure_loss(mean, truth),
            "brightness": brightness_loss(mean, truth),
            "motion": torch.stack([motion_loss(f, windows.clean, truth, windows.valid) for f in flows]).sum(),
            "scale": scale_loss(mean, answer.scale, windows.measured),
        }
        weighted = {name: self._weights[name] * part for name, part in parts.items()}
        return {"score": score_loss(mean, truth, windows.variance)} | weighted


def guessed(windows: Windows) -> Windows:
    """Guess the motion of windows beforehand."""
    return replace(windows, guess=guess_velocity(window_of(windows)))


def window_of(windows: Windows) -> Window:
    """What of training windows the network sees."""
    return Window(windows.frames, windows.times, windows.t, windows.valid)
