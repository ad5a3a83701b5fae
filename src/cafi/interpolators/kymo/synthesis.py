"""From moved frames to the frame at the wanted time, and how far it may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cafi.interpolators.kymo.blocks import Entrance, Residual, silent, unfold_pixels, upsample
from cafi.interpolators.kymo.motion import Motion, beyond, moved
from cafi.interpolators.kymo.spans import shrunk, spans
from cafi.layers.wavelets import smoothed

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.interpolators.kymo.motion import Window
    from cafi.interpolators.kymo.spans import Span

LEAST_SCALE = 5e-4  # of the normalised range
BANDS = (1, 2, 4)  # steps of smoothing, in pixels, that part fine from coarse detail
MARGIN = 8  # rows: as far as smoothing sees, and one that is not quite right where a coarse grid was cut
STRIP = 2**16  # pixels that are painted at once


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
        missing = 2 * beyond(flows.unflatten(1, (4, 2))) + 1e4 * (1 - window.valid[:, :, None, None])
        strips = [self._painted(window.frames, features, flows, missing, rows) for rows in _strips(window.frames)]
        mean, scale, flows = (torch.cat(parts, 2) for parts in zip(*strips, strict=True))
        return mean, scale, flows.unflatten(1, (4, 2))

    def _painted(
        self, frames: Tensor, features: Tensor, flows: Tensor, missing: Tensor, rows: Span
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mean, scale, and flows (B, 8, R, X) for some rows of the frame."""
        half = shrunk(rows.seen, 2)
        flows = upsample(2 * flows[:, :, half], 2)
        said = unfold_pixels(self.mix(features[:, :, shrunk(rows.seen, 4)]).float(), 4)
        weights = (said[:, :4] - upsample(missing[:, :, half], 2)).softmax(1)
        fetched = moved(frames, flows.unflatten(1, (4, 2)), "border", rows.seen.start)
        mean = _tuned((weights * fetched).sum(1, keepdim=True), said[:, 5:])
        scale = functional.softplus(said[:, 4:5] - 3) + LEAST_SCALE
        return mean[:, :, rows.within], scale[:, :, rows.within], flows[:, :, rows.within]


def _strips(frames: Tensor) -> list[Span]:
    """Rows that are painted at once: on a CPU so few that all of it stays in the cache, elsewhere all of them."""
    height, width = frames.shape[-2:]
    few = max(MARGIN, STRIP // width // MARGIN * MARGIN)
    return spans(height, few if frames.device.type == "cpu" else height, MARGIN)


def _tuned(blend: Tensor, gains: Tensor) -> Tensor:
    """Soften or sharpen each band of detail, from nothing of it to twice as much; what is coarser stays."""
    finer, tuned = blend, blend
    for step, gain in zip(BANDS, gains.split(1, 1), strict=True):
        coarser = smoothed(finer, step)
        tuned = tuned + gain.tanh() * (finer - coarser)
        finer = coarser
    return tuned
