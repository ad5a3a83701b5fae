"""Two corrections of motion, the first far-sighted, the second sharp-eyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cafi.interpolators.kymo.blocks import Entrance, Hourglass, Residual, silent, upsample
from cafi.interpolators.kymo.motion import Motion, moved
from cafi.layers.gradients import gradient_step

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.interpolators.kymo.motion import Window

WINDOW = 5  # of the gradient step, in steps of four pixels of the frame


class FarStage(nn.Module):
    """How much of the guess to believe, and what to add, on an eighth of the frame's grid.

    It sees all frames moved along the guess, and the two ends of the gap where they are.
    """

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.enter = Entrance(6 * 16 + 2, widths[0])
        self.body = Hourglass(*widths)
        self.leave = silent(widths[0], 11)

    def forward(self, contrast: Tensor, guess: Tensor, window: Window, situation: Tensor) -> tuple[Motion, Tensor]:
        """Return motion on half the frame's grid, and features (B, widths[0], Y / 8, X / 8).

        Parameters
        ----------
        contrast : Tensor, shape (B, 4, Y / 2, X / 2)
            Frames at half size, see `local_contrast`; 0 where there is none.
        guess : Tensor, shape (B, 2, Y / 2, X / 2)
            Displacement over the gap in pixels of that grid.
        window : Window
        situation : Tensor, shape (B, 5)
        """
        guessed = Motion(guess, guess.new_zeros((1, 8, 1, 1)))
        seen = torch.cat([moved(contrast, guessed.flows(window)), contrast[:, 1:3]], 1)
        parts = [functional.pixel_unshuffle(seen, 4), functional.avg_pool2d(guess, 4) / 4]
        features = self.body(self.enter(parts, situation))
        said = upsample(self.leave(features).float(), 4)
        belief = (said[:, :1] + 2).sigmoid()
        return Motion(belief * guess + 4 * said[:, 1:3], 4 * said[:, 3:]), features


class NearStage(nn.Module):
    """What is left to add on a quarter of the frame's grid."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.recall = nn.Conv2d(before, width // 2, 1)
        self.damping = nn.Parameter(torch.tensor(-4.0))
        self.enter = Entrance(4 * 4 + width // 2 + 12, width)
        self.body = Residual(width)
        self.leave = silent(width, 11)

    def forward(
        self, contrast: Tensor, motion: Motion, features: Tensor, window: Window, situation: Tensor
    ) -> tuple[Motion, Tensor]:
        """Return corrected motion on half the frame's grid, and features (B, width, Y / 4, X / 4)."""
        seen = moved(contrast, motion.flows(window))
        step = gradient_step(seen[:, 1:2], seen[:, 2:3], WINDOW, self.damping.exp())
        hints = [functional.avg_pool2d(torch.cat([motion.velocity, motion.deviation], 1), 2) / 4, step]
        parts = [functional.pixel_unshuffle(seen, 2), upsample(self.recall(features), 2), *hints]
        features = self.body(self.enter(parts, situation))
        said = self.leave(features).float()
        velocity = said[:, :2] + said[:, 10:].sigmoid() * step
        change = upsample(torch.cat([velocity, said[:, 2:10]], 1), 2)
        return Motion(motion.velocity + change[:, :2], motion.deviation + change[:, 2:]), features
