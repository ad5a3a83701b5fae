"""Whether predictions lead back: from both sides of an acquired frame to that frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cafi.interpolators.classical.dis import warp
from cafi.interpolators.classical.motion import estimate_motion
from cafi.quality.warnings.local_noise import local_noise
from cafi.quality.warnings.structure import energy, spot_noise, spots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = NDArray[np.float32]

SIZE = 1.8  # pixels, standard deviation of the structure that is compared


def cycle(earlier: Frame, later: Frame, measured: Frame, place: float) -> list[float]:
    """Predict an acquired frame again from two predictions around it, along their optical flow, and compare.

    Parameters
    ----------
    earlier, later : ndarray of float32, shape (C, Y, X)
        Predictions in the gaps before and after the frame, as small as `cafi.quality.warnings.ends.small`.
    measured : ndarray of float32, shape (C, Y, X)
        The acquired frame, as small.
    place : float
        Where it lies between both, in (0, 1).

    Returns
    -------
    list of float
        For each channel the energy of what leads not back, over that of camera noise: about 1 where all does.
    """
    with np.errstate(all="ignore"):
        return [_of_channel(*planes, place) for planes in zip(earlier, later, measured, strict=True)]


def _of_channel(earlier: Frame, later: Frame, measured: Frame, place: float) -> float:
    motion = estimate_motion(earlier, later, quick=True).middle
    back = (1 - place) * warp(earlier, -place * motion) + place * warp(later, (1 - place) * motion)
    noise = spot_noise(local_noise(measured), SIZE)
    ratio = energy(spots(back - measured, SIZE)) / energy(noise)
    return ratio if np.isfinite(ratio) else 0.0
