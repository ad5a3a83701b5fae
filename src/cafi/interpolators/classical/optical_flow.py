"""Both acquired frames, moved along their optical flow to the wanted time, and blended where they agree."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
import torch

from cafi.errors import CafiError
from cafi.interpolators.classical.dis import Motion, one_opencv_thread, warp
from cafi.interpolators.classical.motion import estimate_motion
from cafi.interpolators.protocol import Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    Flow = NDArray[np.float32]

LONGEST_SIDE = 32_766  # pixels: OpenCV's remap counts in 16 bits
NEIGHBOUR = 20  # pixels: how far the neighbours are whose motion is tried too
WINDOW = 11  # pixels: over which two warped frames are compared
DIRECT_WEIGHT = 4.0
NEARNESS = 0.5  # of time weighting: 0 averages noise best, 1 trusts the nearer frame most
LEAST_ERROR = 1e-5  # of squared intensity: keeps weights finite where frames agree exactly


class OpticalFlow:
    """DIS optical flow, symmetric backward warping to any time, several motions tried at each pixel.

    The flow is estimated on 8-bit copies; what is warped and returned is linear float32. Each
    channel has a flow of its own. For each candidate motion both frames are warped to time t; the
    closer they agree around a pixel, the more that candidate counts there. Candidates are the
    motion at the middle of the gap, the same of four neighbours (overlapped motion compensation,
    Orchard and Sullivan 1994), the two flows as DIS gives them, and no motion at all. Where
    forward and backward flow contradict each other, as at occlusions, their average fits neither
    frame, and the other candidates take over.
    """

    name = "optical_flow"
    summary = "moves both frames along DIS optical flow"
    context = 1
    times: Literal["any", "middle"] = "any"
    reach: int | None = None
    multiple = 1
    zoom = 1
    classical = True
    colour = False
    bytes_per_pixel = 160

    def __init__(self) -> None:
        # One pool for the whole run: each of its threads keeps its DIS estimators and their buffers.
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="cafi-flow")

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict as `Interpolator.predict` says; `motion` is that of the first channel.

        Raises
        ------
        CafiError
            If a side is longer than 32,766 pixels.
        """
        del frame_times, valid
        height, width = frames.shape[-2:]
        if max(height, width) > LONGEST_SIDE:
            raise CafiError(
                f"optical_flow takes frames of at most {LONGEST_SIDE} pixels a side, not {height} x {width};"
                " take --method linear, or crop the movie."
            )
        pixels = frames.numpy()
        first_of = _first_occurrences(pixels)
        channels = range(pixels.shape[2])

        def moved(place: tuple[int, int]) -> Motion:
            b, c = place
            return estimate_motion(pixels[b, 0, c], pixels[b, 1, c])

        def blended(place: tuple[int, int]) -> NDArray[np.float32]:
            b, c = place
            return blend(pixels[b, 0, c], pixels[b, 1, c], motions[first_of[b], c], float(t[b]))

        with one_opencv_thread():
            different = list(product(sorted(set(first_of)), channels))
            motions = dict(zip(different, self._pool.map(moved, different), strict=True))
            made = list(self._pool.map(blended, product(range(len(pixels)), channels)))
        mean = np.stack(made).reshape(len(pixels), len(channels), height, width)
        motion = np.stack([_to_ends(motions[first_of[b], 0], float(t[b])) for b in range(len(pixels))])
        return Prediction(torch.from_numpy(mean), motion=torch.from_numpy(motion))


def blend(first: NDArray[np.float32], last: NDArray[np.float32], motion: Motion, t: float) -> NDArray[np.float32]:
    """Warp two frames to a time between them along every candidate motion, and blend by agreement.

    Parameters
    ----------
    first, last : ndarray of float32, shape (Y, X)
    motion : Motion
    t : float
        In (0, 1).

    Returns
    -------
    ndarray of float32, shape (Y, X)
    """
    total, weights = np.zeros_like(first), np.zeros_like(first)
    share = 0.5 + NEARNESS * (t - 0.5)
    for to_first, to_last, weight in _candidates(motion, t):
        a, b = warp(first, to_first), warp(last, to_last)
        error = cv2.blur(np.square(a - b), (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT)
        weight = weight / (error + LEAST_ERROR)
        total += weight * ((1 - share) * a + share * b)
        weights += weight
    return np.asarray(total / weights, np.float32)


def _candidates(motion: Motion, t: float) -> Iterator[tuple[Flow, Flow, float]]:
    """Yield flows from time t to the first and to the last frame, with the weight of each pair."""
    here = _at_time(motion.middle, t)
    for dy, dx in ((0, 0), (0, NEIGHBOUR), (0, -NEIGHBOUR), (NEIGHBOUR, 0), (-NEIGHBOUR, 0)):
        there = _shifted(here, dy, dx)
        yield -t * there, (1 - t) * there, 1.0
    yield t * motion.backward, (1 - t) * motion.forward, DIRECT_WEIGHT
    still = np.zeros_like(here)
    yield still, still, 1.0


def _at_time(middle: Flow, t: float) -> Flow:
    """Carry the motion to time t: two fixed-point steps of u(x) = middle(x - (t - 1/2) u(x))."""
    if t == 0.5:
        return middle
    flow = middle
    for _ in range(2):
        flow = warp(middle, (0.5 - t) * flow)
    return flow


def _shifted(flow: Flow, dy: int, dx: int) -> Flow:
    """The flow of the pixel at (y + dy, x + dx), the edge repeated."""
    height, width = flow.shape[:2]
    rows = np.clip(np.arange(height) + dy, 0, height - 1)
    columns = np.clip(np.arange(width) + dx, 0, width - 1)
    return flow[rows[:, None], columns] if dy or dx else flow


def _to_ends(motion: Motion, t: float) -> NDArray[np.float32]:
    """Displacement (x, y) from the frame at time t to both ends of the gap, shape (2, 2, Y, X)."""
    here = np.moveaxis(_at_time(motion.middle, t), -1, 0)
    return np.stack([-t * here, (1 - t) * here])


def _first_occurrences(pixels: NDArray[np.float32]) -> list[int]:
    """For each window of a batch the index of the first equal one in a row: several times of a gap share its motion."""
    first = [0]
    for b in range(1, len(pixels)):
        first.append(first[-1] if np.array_equal(pixels[b], pixels[b - 1]) else b)
    return first
