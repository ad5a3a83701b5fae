"""Real movies made noisier, smaller, larger, inverted, of other contrast: what holds for them should hold for others.

There are few real movies, and all were looked at. Changed ones are no new scenes, but they have other noise, other
sizes of things, other displacements and other contrast than any on which a network or a threshold was chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.verdict import recorded
from benchmarks.windows import registered
from cafi.interpolators.classical.dis import one_opencv_thread
from cafi.quality.metrics import psnr
from cafi.quality.metrics.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Frames = NDArray[np.float32]

GAPS = 4
UNIT = Range(0.0, 1.0)
CUT = 96  # pixels in a side of what is enlarged threefold
CLASSICAL = ("optical_flow", "linear")


def report(folder: Path) -> None:
    """Print the gain of Kymo over the better of optical_flow and linear, movie by movie, for each change."""
    print("\n| changed movies | gain of kymo, mean | least | movies below the classical bar by more than 0.1 dB |")
    print("|---|---|---|---|")
    with one_opencv_thread():
        movies = [recorded(path) for path in sorted(folder.glob("*.tif"))]
        for name, change in CHANGES.items():
            gains = np.array([_gain(np.ascontiguousarray(change(frames), np.float32)) for frames in movies])
            print(f"| {name} | {gains.mean():+.2f} | {gains.min():+.2f} | {(gains < -0.1).sum()} of {len(gains)} |")


def _gain(frames: Frames) -> float:
    """PSNR of Kymo over the classical bar in dB, every second frame dropped."""
    kept = np.ascontiguousarray(frames[::2, None])
    gaps = np.unique(np.linspace(0, len(kept) - 2, GAPS).round().astype(int)).tolist()

    def score(method: str) -> float:
        predict = registered(method)
        return float(np.mean([psnr(frames[2 * g + 1], predict(kept, g, 0.5).mean[0], UNIT) for g in gaps]))

    return score("kymo") - max(score(method) for method in CLASSICAL)


def _noisy(frames: Frames) -> Frames:
    return frames + 0.08 * np.random.default_rng(0).standard_normal(frames.shape).astype(np.float32)


def _starved(frames: Frames) -> Frames:
    photons = np.random.default_rng(0).poisson(20 * np.maximum(frames, 0) + 2)
    return np.asarray((photons - 2) / 20, np.float32)


def _resized(frames: Frames, factor: float, how: int) -> Frames:
    return np.stack([cv2.resize(frame, None, fx=factor, fy=factor, interpolation=how) for frame in frames])


CHANGES: dict[str, Callable[[Frames], Frames]] = {
    "as they are": lambda frames: frames,
    "white noise of 8 % of the range": _noisy,
    "20 photons at the top of the range": _starved,
    "half as large": lambda frames: _resized(frames, 0.5, cv2.INTER_AREA),
    "1.7 times as large": lambda frames: _resized(frames, 1.7, cv2.INTER_CUBIC),
    "a corner, three times as large": lambda frames: _resized(frames[:, :CUT, :CUT], 3, cv2.INTER_CUBIC),
    "inverted": lambda frames: 1 - frames,
    "square root": lambda frames: np.sqrt(np.maximum(frames, 0)),
    "square": lambda frames: np.square(np.maximum(frames, 0)),
}
