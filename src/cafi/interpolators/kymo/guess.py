"""A first guess of motion that owes nothing to training: classical optical flow at half the frame's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.interpolators.classical.dis import estimate_motion

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.interpolators.kymo.motion import Window


def guess_velocity(window: Window) -> Tensor:
    """Estimate the displacement over the gap, (x, y) at the middle of it, with DIS.

    Returns
    -------
    Tensor of float32, shape (B, 2, Y / 2, X / 2)
        In pixels of that grid.
    """
    small = functional.avg_pool2d(window.frames[:, 1:3].detach().float(), 2).cpu().numpy()
    found = [torch.from_numpy(estimate_motion(first, last).middle) for first, last in small]
    return torch.stack(found).permute(0, 3, 1, 2).to(window.frames.device).contiguous()


def at_level(guess: Tensor, height: int) -> Tensor:
    """Bring a guess to a coarser grid of that height, in its pixels."""
    factor = guess.shape[-2] // height
    return functional.avg_pool2d(guess, factor) / factor
