"""Optical flow by dense inverse search (DIS), on 8-bit copies, both ways, and brought to the middle of the gap."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    Flow = NDArray[np.float32]

SMALLEST = 32  # pixels: in longer frames with a smaller side DIS (FAST) ends the process; smaller frames are padded
SMALL = 96  # pixels: an estimator that saw sides below about 46 (FAST: 91) chooses another patch size, and keeps it
KEPT = 8  # estimators in each thread
LARGE = 2**19  # pixels: for larger frames the 200 bytes that DIS takes for each pixel are given back at once
_LOCAL = threading.local()


@dataclass(frozen=True)
class Motion:
    """How the pixels of a gap move, in pixels over the whole gap; each array (Y, X, 2) with x before y.

    Attributes
    ----------
    forward, backward : ndarray of float32
        From the first frame to the last, at the pixels of the first; and the other way round.
    middle : ndarray of float32
        From first to last, at the pixels of the frame half-way.
    """

    forward: Flow
    backward: Flow
    middle: Flow


def dis_motion(
    first: NDArray[np.float32],
    last: NDArray[np.float32],
    *,
    finest: int = 1,
    quick: bool = False,
    helpers: Executor | None = None,
) -> Motion:
    """Estimate the motion between two frames with DIS alone (Kroeger et al., ECCV 2016); see `estimate_motion`.

    Both directions are carried to the middle of the gap and averaged there; then both frames are
    warped to the middle, and what motion is still found between them is added.

    Parameters
    ----------
    first, last : ndarray of float32, shape (Y, X)
        Normalised: [0, 1] maps to the 8 bits that DIS sees; what lies beyond is clipped, in that copy only.
    finest : int
        How often frames are halved for the last step. Its own choice would be 2, but what is left to find between
        warped frames is small. 0 takes 1.6 times as long as 1.
    quick : bool
        Take a fifth of the time, for somewhat coarser flows.
    helpers : Executor, optional
        Where the second direction is estimated beside the first.

    Returns
    -------
    Motion
        No motion where DIS gives a value that is not finite, with a warning.
    """
    height, width = first.shape
    below, right = max(0, SMALLEST - height), max(0, SMALLEST - width)
    if below or right:
        first, last = (np.pad(frame, ((0, below), (0, right)), mode="symmetric") for frame in (first, last))
    preset = cv2.DISOPTICAL_FLOW_PRESET_FAST if quick else cv2.DISOPTICAL_FLOW_PRESET_MEDIUM
    pending = None if helpers is None else helpers.submit(_dis, last, first, preset)
    forward = _dis(first, last, preset)
    backward: Flow = pending.result() if pending else _dis(last, first, preset)
    half = 0.25 * (forward - backward)
    middle = 0.5 * (warp(forward, -half) - warp(backward, half))
    nearer = warp(first, -0.5 * middle), warp(last, 0.5 * middle)
    middle = middle + _dis(*nearer, cv2.DISOPTICAL_FLOW_PRESET_FAST, None if quick else finest)
    return Motion(*(np.ascontiguousarray(flow[:height, :width]) for flow in (forward, backward, middle)))


def warp(image: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    """Backward-warp an image, linearly interpolated: the result at x is the image at x + flow(x).

    Parameters
    ----------
    image : ndarray of float32, shape (Y, X) or (Y, X, 2)
    flow : ndarray of float32, shape (Y, X, 2)
        In pixels, x before y. Outside of the image its edge is repeated.
    """
    where = flow + _grid(*flow.shape[:2])
    warped = cv2.remap(image, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(warped, np.float32)


class _OneThread:
    """OpenCV's number of threads belongs to the process: the first who needs one sets it, the last puts it back."""

    def __init__(self) -> None:
        self._lock, self._users, self._before = threading.Lock(), 0, 0

    def enter(self) -> None:
        with self._lock:
            if self._users == 0:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                cv2.setNumThreads(self._before)


_ONE_THREAD = _OneThread()


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Let OpenCV work with one thread: how DIS cuts an image among threads changes its result.

    Around a single estimate or a whole run, by as many threads at once as like.
    """
    _ONE_THREAD.enter()
    try:
        yield
    finally:
        _ONE_THREAD.leave()


@lru_cache(maxsize=4)
def _grid(height: int, width: int) -> Flow:
    """The position (x, y) of every pixel, shape (Y, X, 2)."""
    return np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))


def _dis(first: NDArray[np.float32], last: NDArray[np.float32], preset: int, finest: int | None = None) -> Flow:
    flow: Flow = _estimator(preset, finest, first.shape).calc(_eight_bit(first), _eight_bit(last), None)
    if not np.isfinite(flow).all():
        warnings.warn(
            "The optical flow was not finite in places; no motion was assumed there.", RuntimeWarning, stacklevel=2
        )
        flow[~np.isfinite(flow).all(axis=2)] = 0
    return np.asarray(flow, np.float32)


def _estimator(preset: int, finest: int | None, shape: tuple[int, ...]) -> Any:
    """One estimator for each thread and size; large frames and small ones get one of their own.

    Estimators keep buffers and must not be shared. What one has seen of another size changes what it finds later: for a
    small frame it chooses finer levels, and keeps them.
    """
    if shape[0] * shape[1] > LARGE or max(shape) < SMALL:
        return _new_estimator(preset, finest)
    if not hasattr(_LOCAL, "estimators"):
        _LOCAL.estimators = {}
    kept: dict[tuple[object, ...], Any] = _LOCAL.estimators
    key = (preset, finest, shape)
    if key not in kept:
        if len(kept) >= KEPT:
            kept.clear()
        kept[key] = _new_estimator(preset, finest)
    return kept[key]


def _new_estimator(preset: int, finest: int | None) -> Any:
    made = cv2.DISOpticalFlow_create(preset)  # type: ignore[attr-defined]
    if finest is not None:
        made.setFinestScale(finest)
    return made


def _eight_bit(frame: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(np.clip(frame, 0, 1) * 255).astype(np.uint8)
