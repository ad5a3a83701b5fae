"""All that is measured at one predicted frame, without the truth: plain numbers, from which warnings are made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.quality.warnings import appearing, implausible, light, motion
from cafi.quality.warnings.ends import look, reduced, small_motion
from cafi.quality.warnings.structure import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = NDArray[np.float32]


@dataclass(frozen=True)
class GapCheck:
    """What was measured at one gap, in one channel.

    Attributes
    ----------
    gap, z, channel : int
    travel : float
        Displacement over the gap, 95th percentile, in pixels.
    contradicting : float
        Share of structure whose forward and backward flow contradict each other.
    unmatched, unlike : float
        How unlike the ends are after motion and as they lie; 0 to about 1.
    beyond_linear : float or None
        Distance of the prediction to the moved ends over that of linear blending.
    clarity : float
        Energy of structure over that of noise.
    appeared, vanished, things : int
    brightness, contrast, sharpness : float
        Changes from the earlier to the later end.
    score, y, x : float, int, int
        The least plausible place of the prediction.
    strangeness : float or None
        How unlike the data that the method was trained on, see `cafi.interpolators.protocol.Prediction`.
    cycle : float or None
        How far predictions lead not back to the acquired frames at the gap's ends, see
        `cafi.quality.warnings.cycle`; the mean of both. None where no neighbouring gap was predicted.
    """

    gap: int
    z: int
    channel: int
    travel: float
    contradicting: float
    unmatched: float
    unlike: float
    beyond_linear: float | None
    clarity: float
    appeared: int
    vanished: int
    things: int
    brightness: float
    contrast: float
    sharpness: float
    score: float
    y: int
    x: int
    strangeness: float | None = None
    cycle: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-serialisable values."""
        return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in asdict(self).items()}


def check(
    before: Frame,
    after: Frame,
    t: float,
    mean: Frame,
    gap: int,
    z: int,
    *,
    motion: Frame | None = None,
    strangeness: Frame | None = None,
) -> list[GapCheck]:
    """Look at one predicted frame, channel by channel.

    Parameters
    ----------
    before, after : ndarray of float32, shape (C, Y, X)
        The acquired ends of the gap, normalised.
    t : float
    mean : ndarray of float32, shape (C, Y, X)
        The prediction, normalised, not rounded.
    gap, z : int
    motion : ndarray of float32, shape (2, 2, Y, X), optional
        By which the method says that it made the prediction, as in `cafi.interpolators.protocol.Prediction`.
    strangeness : ndarray of float32, shape (C,), optional
        The same, how unlike its training data it finds each channel.
    """
    told = None if motion is None else small_motion(motion)
    # Absurd intensities of single pixels may overflow when they are squared; they are no news of the method.
    with np.errstate(all="ignore"):
        found = [_check(*planes, told, t, gap, z, c) for c, planes in enumerate(zip(before, after, mean, strict=True))]
    if strangeness is None:
        return found
    return [replace(one, strangeness=float(value)) for one, value in zip(found, strangeness, strict=True)]


def _check(
    before: Frame,
    after: Frame,
    mean: Frame,
    told: tuple[Frame, Frame] | None,
    t: float,
    gap: int,
    z: int,
    channel: int,
) -> GapCheck:
    ends = look(before, after, t)
    made = Picture(reduced(mean, ends.block))
    place = implausible.Judge(ends, told).find(made)
    matched = motion.unmatched(ends)
    seen = appearing.appearing(ends)
    found = GapCheck(
        gap,
        z,
        channel,
        motion.travel(ends),
        motion.contradicting(ends),
        *matched,
        motion.beyond_linear(ends, made),
        motion.clarity(ends),
        *seen,
        light.brightness(ends),
        light.contrast(ends),
        light.sharpness(ends),
        place.score,
        place.y,
        place.x,
    )
    return _finite(found)


def _finite(found: GapCheck) -> GapCheck:
    """Put 0 in place of what overflowed."""
    wrong = {k: 0.0 for k, v in asdict(found).items() if isinstance(v, float) and not np.isfinite(v)}
    return replace(found, **wrong)  # type: ignore[arg-type]
