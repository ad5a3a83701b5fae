"""The motion between two frames, also where the whole field moved further than optical flow can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from cafi.interpolators.classical.dis import Motion, dis_motion, warp
from cafi.interpolators.classical.drift import common_shift

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    Frame = NDArray[np.float32]
    Flow = NDArray[np.float32]

AROUND = 17  # pixels over which two estimates are compared
BETTER = 0.9  # of the difference that optical flow alone leaves: what it must leave at most once a shift is taken off


def estimate_motion(
    first: Frame, last: Frame, *, finest: int = 1, quick: bool = False, helpers: Executor | None = None
) -> Motion:
    """Estimate the motion between two frames with DIS, see `dis_motion`.

    Where the whole field moved far, as when the stage drifts, it is estimated a second time with that shift taken off
    both frames, and each place keeps what explains it better.

    Parameters
    ----------
    first, last : ndarray of float32, shape (Y, X)
        Normalised.
    finest, quick, helpers
        As in `dis_motion`.

    Returns
    -------
    Motion
    """
    alone = dis_motion(first, last, finest=finest, quick=quick, helpers=helpers)
    shift = common_shift(first, last)
    if shift is None:
        return alone
    common = np.broadcast_to(np.array(shift, np.float32), alone.middle.shape)
    nearer = warp(first, -0.5 * common), warp(last, 0.5 * common)
    rest = dis_motion(*nearer, finest=finest, quick=quick, helpers=helpers)
    return _better_of(first, last, alone, _further(rest, common))


def _further(rest: Motion, common: Flow) -> Motion:
    """Add to a motion the shift that had been taken off, half from each frame."""
    forward, backward = warp(rest.forward, 0.5 * common), warp(rest.backward, -0.5 * common)
    return Motion(forward + common, backward - common, rest.middle + common)


def _better_of(first: Frame, last: Frame, alone: Motion, shifted: Motion) -> Motion:
    """Take at each place the shifted motion where it leaves clearly less; nowhere if that is not so on the whole.

    Where one of several things moved by the shift, the others would vanish: background fits background everywhere.
    """
    with np.errstate(over="ignore"):  # differences of absurd intensities; what they hold for is then left as it is
        left, left_shifted = _left(first, last, alone), _left(first, last, shifted)
    if left_shifted[-1].mean() >= BETTER * left[-1].mean():
        return alone
    fields = zip(vars(alone).values(), vars(shifted).values(), left, left_shifted, strict=True)
    return Motion(*(np.where((after < BETTER * before)[..., None], new, old) for old, new, before, after in fields))


def _left(first: Frame, last: Frame, motion: Motion) -> list[Frame]:
    """How much both frames differ around each pixel after the motion: seen from the first, the last, the middle."""
    pairs = (
        (first, warp(last, motion.forward)),
        (last, warp(first, motion.backward)),
        (warp(first, -0.5 * motion.middle), warp(last, 0.5 * motion.middle)),
    )
    return [np.asarray(cv2.blur(np.abs(a - b), (AROUND, AROUND)), np.float32) for a, b in pairs]
