"""How far things move in a gap, and whether their motion can be told at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cafi.interpolators.classical.dis import warp
from cafi.quality.warnings.structure import energy, spot_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.quality.warnings.ends import Ends
    from cafi.quality.warnings.structure import Picture

    Plane = NDArray[np.float32]

SIZE = 1.8  # pixels, standard deviation of the structure that is followed
CONTRADICTION = 2.0  # pixels between forward and backward flow
SHARE = 0.2  # of the displacement that both may differ by
CLEAR = 4.0  # noise standard deviations above which structure is clear


def travel(ends: Ends) -> float:
    """Return the 95th percentile of the displacement over the gap where there is clear structure; in pixels."""
    clear = _clear(ends)
    if not clear.any():
        return 0.0
    flow = ends.motion.middle
    return float(np.percentile(np.hypot(flow[..., 0], flow[..., 1])[clear], 95)) * ends.block


def contradicting(ends: Ends) -> float:
    """Return the share of clear structure whose forward and backward flow contradict each other (Sundaram 2010)."""
    clear = _clear(ends)
    if not clear.any():
        return 0.0
    forward, backward = ends.motion.forward, ends.motion.backward
    there = warp(backward, forward)
    apart = np.hypot(*np.moveaxis(forward + there, -1, 0))
    allowed = CONTRADICTION / ends.block + SHARE * np.hypot(*np.moveaxis(forward, -1, 0))
    return float((apart > allowed)[clear].mean())


def unmatched(ends: Ends) -> tuple[float, float]:
    """Return how unlike the ends are after motion, and as they lie: shares of the energy of their structure.

    Energy beyond noise of the difference of the ends, over twice that of the structure: 0 where they are alike, 1
    where they have nothing in common.
    """
    first, last = ends.before.spots(SIZE), ends.after.spots(SIZE)
    noise = energy(spot_noise(ends.noise, SIZE))
    structure = energy(first) + energy(last) - 2 * noise
    if structure <= noise:
        return 0.0, 0.0
    moved = energy(ends.moved[0].spots(SIZE) - ends.moved[1].spots(SIZE))
    still = energy(first - last)
    # Moving an image averages neighbouring pixels: less noise is left in the moved ones.
    return max(0.0, moved - 1.5 * noise) / structure, max(0.0, still - 2 * noise) / structure


def beyond_linear(ends: Ends, mean: Picture) -> float | None:
    """Compare a prediction with linear blending, both by their distance to the ends moved along optical flow.

    Returns
    -------
    float or None
        Below 1: the prediction is nearer. None where blending itself is as near as noise allows: nothing moves.
    """
    expected = ends.moved_blend(SIZE)
    noise = energy(spot_noise(ends.noise, SIZE))
    blended = energy(ends.still_blend(SIZE) - expected)
    if blended < noise:
        return None
    return energy(mean.spots(SIZE) - expected) / blended


def clarity(ends: Ends) -> float:
    """Return the energy of structure over that of noise: below 1, noise is too high to tell."""
    seen = 0.5 * (energy(ends.before.spots(SIZE)) + energy(ends.after.spots(SIZE)))
    return seen / max(energy(spot_noise(ends.noise, SIZE)), 1e-12) - 1


def _clear(ends: Ends) -> NDArray[np.bool_]:
    return np.asarray(np.abs(ends.moved_blend(SIZE)) > CLEAR * spot_noise(ends.noise, SIZE))
