"""A first guess of motion that owes nothing to training: classical optical flow at half the frame's size."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from cafi.interpolators.classical.dis import LARGE, one_opencv_thread
from cafi.interpolators.classical.motion import estimate_motion
from cafi.layers.warping import warp

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from cafi.interpolators.kymo.motion import Window

FINEST = 0  # with 1, three of four frames left out, the worst of twelve movies was half a decibel worse


def guess_velocity(window: Window) -> Tensor:
    """Estimate the displacement over the gap, (x, y) at the wanted time, with DIS.

    Returns
    -------
    Tensor of float32, shape (B, 2, Y / 2, X / 2)
        In pixels of that grid.
    """
    small = functional.avg_pool2d(window.frames[:, 1:3].detach().float(), 2).cpu().numpy()
    middle = torch.from_numpy(_middle_motions(small)).permute(0, 3, 1, 2).to(window.frames.device).contiguous()
    # What is at a pixel at time t was (t - 1/2) of its way behind in the middle of the gap.
    late = (window.t - 0.5)[:, None, None, None]
    return middle if bool((late == 0).all()) else warp(middle, -late * middle)


def _middle_motions(pairs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Motion at the middle of each gap (B, Y, X, 2), for pairs of frames (B, 2, Y, X)."""
    with one_opencv_thread():
        if len(pairs) == 1 or pairs[0, 0].size > LARGE:
            beside = None if pairs[0, 0].size > LARGE else _helpers()
            return np.stack(
                [estimate_motion(first, last, finest=FINEST, helpers=beside).middle for first, last in pairs]
            )
        return np.stack(list(_helpers().map(lambda pair: estimate_motion(*pair, finest=FINEST).middle, pairs)))


@lru_cache(maxsize=1)
def _helpers() -> ThreadPoolExecutor:
    """One pool for the life of the process: each of its threads keeps its DIS estimators and their buffers."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="cafi-guess")
