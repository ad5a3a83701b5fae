"""A first guess of motion that owes nothing to training: classical optical flow at half the frame's size."""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from cafi.interpolators.classical.dis import LARGE, one_opencv_thread
from cafi.interpolators.classical.motion import estimate_motion
from cafi.layers.warping import warp

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray
    from torch import Tensor

    from cafi.interpolators.kymo.motion import Window

FINEST = 0  # with 1, three of four frames left out, the worst of twelve movies was half a decibel worse

KEPT = 4  # gaps whose motion is remembered; of large frames one


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
            return np.stack([_MEMORY.motion(pair, beside) for pair in pairs])
        return np.stack(list(_helpers().map(_MEMORY.motion, pairs)))


class _Memory:
    """The latest motions: several times in a gap are predicted after each other or side by side, from one motion."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gaps: deque[tuple[NDArray[np.float32], Future[NDArray[np.float32]]]] = deque(maxlen=KEPT)

    def motion(self, pair: NDArray[np.float32], beside: Executor | None = None) -> NDArray[np.float32]:
        """Return the motion (Y, X, 2) between a pair of frames (2, Y, X); wait for it where another thread is at it."""
        with self._lock:
            found = next((future for known, future in self._gaps if np.array_equal(known, pair)), None)
            if found is None:
                mine: Future[NDArray[np.float32]] = Future()
                if pair[0].size > LARGE:
                    self._gaps.clear()
                self._gaps.append((pair, mine))
        if found is not None:
            return found.result()
        try:
            mine.set_result(estimate_motion(*pair, finest=FINEST, helpers=beside).middle)
        except BaseException as error:
            mine.set_exception(error)
            self.forget()
        return mine.result()

    def forget(self) -> None:
        with self._lock:
            self._gaps.clear()


_MEMORY = _Memory()


def forget_motions() -> None:
    """Guess motion anew, also between frames that were seen just before: to time it, or to change how it is done."""
    _MEMORY.forget()


@lru_cache(maxsize=1)
def _helpers() -> ThreadPoolExecutor:
    """One pool for the life of the process: each of its threads keeps its DIS estimators and their buffers."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="cafi-guess")
