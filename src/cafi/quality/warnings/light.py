"""Changes of light and focus between the ends of a gap: a flash, a bleaching step, a refocus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cafi.quality.warnings.structure import energy

if TYPE_CHECKING:
    from cafi.quality.warnings.ends import Ends

FINE = 1.0  # pixels: what loses contrast first out of focus
COARSE = 4.0


def brightness(ends: Ends) -> float:
    """Return by how much the whole field became brighter, as a share of the movie's intensity range."""
    return float(np.median(ends.moved[1].plane - ends.moved[0].plane))


def contrast(ends: Ends) -> float:
    """Return the logarithm of how much more contrast the later end has at a coarse scale; bleaching lowers it."""
    first, last = (float(end.spots(COARSE).std()) for end in (ends.before, ends.after))
    return float(np.log(max(last, 1e-6) / max(first, 1e-6)))


def sharpness(ends: Ends) -> float:
    """Return the logarithm of how much sharper the later end is: fine contrast beyond noise over coarse contrast."""
    noise = energy(ends.noise) * 0.02
    ratios = []
    for end in (ends.before, ends.after):
        fine = energy(end.spots(FINE)) - noise
        ratios.append(max(fine, 1e-9) / max(energy(end.spots(COARSE)), 1e-9))
    return float(0.5 * np.log(ratios[1] / ratios[0]))
