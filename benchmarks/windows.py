"""A single frame of a registered method, from normalised frames in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from cafi.interpolators import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Method = Callable[[NDArray[np.float32], int, float], NDArray[np.float32]]


def registered(name: str) -> Method:
    """Return a registered method as a function of normalised frames (T, C, Y, X), the gap, and t."""
    interpolator = registry.get(name)

    def predict(frames: NDArray[np.float32], gap: int, t: float) -> NDArray[np.float32]:
        wanted = np.arange(gap - interpolator.context + 1, gap + interpolator.context + 1)
        inside = np.clip(wanted, 0, len(frames) - 1)
        height, width = frames.shape[-2:]
        below, right = -height % interpolator.multiple, -width % interpolator.multiple
        window = torch.nn.functional.pad(torch.from_numpy(frames[inside]), (0, right, 0, below), mode="replicate")[None]
        times = torch.from_numpy((inside - gap).astype(np.float32))[None]
        valid = torch.from_numpy(wanted == inside)[None]
        with torch.inference_mode():
            made = interpolator.predict(window, times, torch.tensor([t]), valid).mean[0]
        result: NDArray[np.float32] = made[:, :height, :width].numpy()
        return result

    return predict
