"""Real movies made noisier, smaller, larger, of other contrast, ...: what holds for them should hold for others.

There are few real movies, and all were looked at. Changed ones are no new scenes, but they have other noise, other
sizes of things, other displacements and other contrast than any on which a network or a threshold was chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks.verdict import recorded
from cafi.interpolators import registry
from cafi.interpolators.classical.dis import one_opencv_thread
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.metrics import psnr
from cafi.quality.metrics.ranges import Range
from cafi.quality.mixing import mixed
from cafi.quality.prediction import predict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Frames = NDArray[np.float32]

GAPS = 4
UNIT = Range(0.0, 1.0)
CUT = 96  # pixels in a side of what is enlarged threefold
CLASSICAL = ("optical_flow", "cubic", "linear", "duplicate")


def report(folder: Path) -> None:
    """Print the gain of Kymo over the best classical method, movie by movie, for each change."""
    print("\n| changed movies | gain of kymo, mean | least | of | movies below the classical bar by more than 0.1 dB |")
    print("|---|---|---|---|---|")
    with one_opencv_thread():
        paths = sorted(folder.glob("*.tif"))
        movies = [recorded(path) for path in paths]
        for name, change in CHANGES.items():
            gains = np.array([_gain(np.ascontiguousarray(change(frames), np.float32)) for frames in movies])
            worst, behind = paths[int(gains.argmin())].stem, (gains < -0.1).sum()
            print(f"| {name} | {gains.mean():+.2f} | {gains.min():+.2f} | {worst} | {behind} of {len(gains)} |")


def _gain(frames: Frames) -> float:
    """PSNR of Kymo over the best classical method in dB, every second frame dropped, as in a held-out check."""
    whole = array_movie(frames[:, None, None])
    held_out = hold_out(whole, 2)
    seen = kept_movie(whole, held_out)
    some = held_out.with_gaps(np.unique(np.linspace(0, len(held_out.kept) - 2, GAPS).round().astype(int)).tolist())

    def score(name: str) -> float:
        made = predict(mixed(registry.get(name), seen), whole, some)
        return float(np.mean([psnr(frames[target.frame], p.mean[0], UNIT) for target, p in made]))

    return score("kymo") - max(score(method) for method in CLASSICAL)


def _noisy(frames: Frames) -> Frames:
    return frames + 0.08 * np.random.default_rng(0).standard_normal(frames.shape).astype(np.float32)


def _starved(frames: Frames) -> Frames:
    photons = np.random.default_rng(0).poisson(20 * np.maximum(frames, 0) + 2)
    return np.asarray((photons - 2) / 20, np.float32)


def _resized(frames: Frames, factor: float, how: int) -> Frames:
    return np.stack([cv2.resize(frame, None, fx=factor, fy=factor, interpolation=how) for frame in frames])


def _lamp(count: int) -> Frames:
    return np.float32(1 + 0.1 * np.random.default_rng(1).standard_normal(count))[:, None, None]


def _vignette(height: int, width: int) -> Frames:
    y, x = np.mgrid[:height, :width]
    far = ((y - height / 2) ** 2 + (x - width / 2) ** 2) / (height * width)
    return np.float32(0.3 + 0.7 * np.exp(-6 * far))


def _with_hot_pixels(frames: Frames, share: float, height: float) -> Frames:
    random = np.random.default_rng(3)
    hot = random.random(frames.shape[1:]) < share
    noise = 0.02 * random.standard_normal(frames.shape)
    return np.where(hot, frames + height + noise, frames).astype(np.float32)


def _shaken(frames: Frames) -> Frames:
    random = np.random.default_rng(9)
    return np.stack([np.roll(frame, tuple(random.integers(-3, 4, 2)), (0, 1)) for frame in frames])


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
    "blurred by 2 px": lambda frames: gaussian_filter(frames, (0, 2, 2)),
    "bleached by 8 % a frame": lambda frames: frames * np.exp(-0.08 * np.arange(len(frames)))[:, None, None],
    "lamp that flickers by 10 %": lambda frames: frames * _lamp(len(frames)),
    "lit in the middle": lambda frames: frames * _vignette(*frames.shape[1:]),
    "hot pixels, 0.05 %, 40 % of the range": lambda frames: _with_hot_pixels(frames, 0.0005, 0.4),
    "hot pixels, 0.2 %, beyond the range": lambda frames: _with_hot_pixels(frames, 0.002, 1.5),
    "stage that trembles by 3 px": _shaken,
    "thirteen grey levels": lambda frames: np.round(12 * frames) / 12,
}
