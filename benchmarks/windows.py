"""A single frame of a registered method, from normalised frames in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from cafi.interpolators import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Method = Callable[[NDArray[np.float32], int, float], "Made"]


@dataclass(frozen=True)
class Made:
    """A predicted frame (C, Y, X), and the motion (2, 2, Y, X) by which the method says that it made it."""

    mean: NDArray[np.float32]
    motion: NDArray[np.float32] | None


def registered(name: str) -> Method:
    """Return a registered method as a function of normalised frames (T, C, Y, X), the gap, and t."""
    interpolator = registry.get(name)

    def predict(frames: NDArray[np.float32], gap: int, t: float) -> Made:
        wanted = np.arange(gap - interpolator.context + 1, gap + interpolator.context + 1)
        inside = np.clip(wanted, 0, len(frames) - 1)
        height, width = frames.shape[-2:]
        below, right = -height % interpolator.multiple, -width % interpolator.multiple
        window = torch.nn.functional.pad(torch.from_numpy(frames[inside]), (0, right, 0, below), mode="replicate")[None]
        times = torch.from_numpy((inside - gap).astype(np.float32))[None]
        valid = torch.from_numpy(wanted == inside)[None]
        with torch.inference_mode():
            made = interpolator.predict(window, times, torch.tensor([t]), valid)
        motion = None if made.motion is None else made.motion[0, ..., :height, :width].numpy()
        return Made(made.mean[0, :, :height, :width].numpy(), motion)

    return predict
