"""From moved frames to the frame at the wanted time, and how far it may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from cafi.interpolators.kymo.blocks import Entrance, Residual, silent, unfold_pixels, upsample
from cafi.interpolators.kymo.motion import Motion, beyond, moved
from cafi.layers.wavelets import smoothed

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.interpolators.kymo.motion import Window

LEAST_SCALE = 5e-4  # of the normalised range
BANDS = (1, 2, 4)  # steps of smoothing, in pixels, that part fine from coarse detail


class Synthesis(nn.Module):
    """Blend the moved frames, and soften or sharpen the blend, as a quarter of the frame's grid decides.

    What decides sees the frames at half size only, so that the noise of single pixels hardly sways it.
    """

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.enter = Entrance(4 * 4 + before, width)
        self.body = Residual(width)
        self.shift = silent(width, 8)
        self.mix = silent(width, (5 + len(BANDS)) * 16, kernel=1)

    def forward(
        self, window: Window, half: Tensor, motion: Motion, features: Tensor, situation: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean and scale (B, 1, Y, X), and the corrected flows (B, 4, 2, Y, X).

        Parameters
        ----------
        window : Window
        half : Tensor, shape (B, 4, Y / 2, X / 2)
            Frames at half size; 0 where there is none.
        motion : Motion
            On that grid.
        features : Tensor, shape (B, before, Y / 4, X / 4)
        situation : Tensor, shape (B, 5)
        """
        flows = motion.flows(window)
        seen = functional.pixel_unshuffle(moved(half, flows), 2)
        features = self.body(self.enter([seen, features], situation))
        flows = flows.flatten(1, 2) + upsample(self.shift(features).float(), 2)
        # What lies outside of a frame is unknown: the further out, the less its edge stands for it.
        missing = upsample(beyond(flows.unflatten(1, (4, 2))), 2)
        flows = upsample(2 * flows, 2).unflatten(1, (4, 2))
        said = unfold_pixels(self.mix(features).float(), 4)
        weights = (said[:, :4] - 2 * missing - 1e4 * (1 - window.valid[:, :, None, None])).softmax(1)
        blend = (weights * moved(window.frames, flows, outside="border")).sum(1, keepdim=True)
        return _tuned(blend, said[:, 5:]), functional.softplus(said[:, 4:5] - 3) + LEAST_SCALE, flows


def _tuned(blend: Tensor, gains: Tensor) -> Tensor:
    """Soften or sharpen each band of detail, from nothing of it to twice as much; what is coarser stays."""
    finer, tuned = blend, blend
    for step, gain in zip(BANDS, gains.split(1, 1), strict=True):
        coarser = smoothed(finer, step)
        tuned = tuned + gain.tanh() * (finer - coarser)
        finer = coarser
    return tuned
