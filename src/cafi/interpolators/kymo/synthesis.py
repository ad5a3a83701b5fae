"""From moved frames to the frame at the wanted time, and how far it may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cafi.interpolators.kymo.blocks import Residual, channels_last, convolution, silent, upsample
from cafi.interpolators.kymo.residual import only_detail
from cafi.layers.gradients import gradient_step
from cafi.layers.warping import warp

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.interpolators.kymo.motion import Window

WINDOWS = (3, 9)  # in which the last correction of motion is sought, in steps of four pixels
LEAST_SCALE = 1e-4  # of the normalised range


class Synthesis(nn.Module):
    """Move all four frames once more by a finer correction, blend them, add what is missing.

    A U-Net of two levels at half and a quarter of the frame's size.
    """

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.recall = nn.Conv2d(hidden + 2 * len(WINDOWS), 16, 1)
        self.damping = nn.Parameter(torch.full((len(WINDOWS),), -7.0))
        self.enter = nn.Conv2d(16 + 16, width, 3, padding=1)
        self.tune = nn.Linear(5, width)
        self.rectify = nn.LeakyReLU(0.1)
        self.down = convolution(width, 2 * width, 3, 2)
        self.deep = Residual(2 * width)
        self.up = nn.Conv2d(2 * width, width, 1)
        self.join = Residual(width)
        self.shift = silent(width, 8 + len(WINDOWS))
        self.mix = silent(width, 6 * 4)

    def forward(self, window: Window, flows: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean and scale (B, 1, Y, X), and the corrected flows (B, 4, 2, Y, X).

        Parameters
        ----------
        window : Window
        flows : Tensor, shape (B, 4, 2, Y, X)
        memory : Tensor, shape (B, hidden, Y / 4, X / 4)
        """
        moved = _moved(window.frames, flows)
        steps = self._gradient_steps(functional.avg_pool2d(moved[:, 1:3], 2))
        recalled = self.recall(channels_last([memory, steps.flatten(1, 2)]))
        half = functional.pixel_unshuffle(moved * window.valid[:, :, None, None], 2)
        situation = torch.cat([window.t[:, None] - 0.5, window.valid], 1)
        fine = self.enter(channels_last([half, upsample(recalled)])) + self.tune(situation)[:, :, None, None]
        fine = self.rectify(fine)
        fine = self.join(fine + upsample(self.up(self.deep(self.down(fine)))))
        flows = flows + self._correction(window, self.shift(fine).float().contiguous(), steps)
        said = functional.pixel_shuffle(self.mix(fine).float().contiguous(), 2)
        weights = (said[:, :4] - 1e4 * (1 - window.valid[:, :, None, None])).softmax(1)
        blend = (weights * _moved(window.frames, flows)).sum(1, keepdim=True)
        mean = blend + only_detail(said[:, 4:5], blend)
        return mean, functional.softplus(said[:, 5:6] - 3) + LEAST_SCALE, flows

    def _gradient_steps(self, ends: Tensor) -> Tensor:
        """What is left of the displacement over the gap, by window: (B, 2, 2, Y / 4, X / 4), in half-size pixels."""
        first, last = ends[:, :1], ends[:, 1:]
        damping = self.damping.exp()
        return torch.stack([gradient_step(first, last, w, damping[i]) for i, w in enumerate(WINDOWS)], 1)

    def _correction(self, window: Window, shift: Tensor, steps: Tensor) -> Tensor:
        """Displacement to add to each frame's flow, shape (B, 4, 2, Y, X)."""
        velocity = (shift[:, 8:].sigmoid()[:, :, None] * upsample(steps.flatten(1, 2)).unflatten(1, (-1, 2))).sum(1)
        both = upsample(torch.cat([shift[:, :8], 2 * velocity], 1))
        elapsed = (window.times - window.t[:, None])[:, :, None, None, None]
        return both[:, :8].unflatten(1, (4, 2)) + elapsed * both[:, 8:][:, None]


def _moved(frames: Tensor, flows: Tensor) -> Tensor:
    return warp(frames.flatten(0, 1)[:, None], flows.flatten(0, 1)).unflatten(0, (-1, 4))[:, :, 0]
