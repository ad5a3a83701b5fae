"""Split conformal calibration over blocks of time: how much wider bounds must be to hold what they promise."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.quality.intervals import regression
from cafi.quality.intervals.features import Features
from cafi.quality.intervals.regression import Model, bounds, fit
from cafi.quality.intervals.widening import Widening, widening
from cafi.quality.intervals.widening import from_dict as widening_from_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEVEL = 0.9
LEAST_GAPS = 8
MOST_GAPS = 16
PIXELS = 6000  # of each held-out plane
BLOCKS = 3
TINY = 1e-12  # of squared intensity: keeps logarithms finite


@dataclass(frozen=True)
class Sample:
    """Pixels of one held-out plane of one channel.

    Attributes
    ----------
    features : Features
        Of N pixels.
    error : ndarray of float32, shape (N,)
        Measured minus predicted, normalised.
    constant, saturated : int
        Pixels of that plane that were left out.
    pixels : int
        Of that plane.
    squared, squared_linear : float
        Mean squared error of that plane, and that of linear blending.
    """

    features: Features
    error: NDArray[np.float32]
    constant: int = 0
    saturated: int = 0
    pixels: int = 0
    squared: float = 1.0
    squared_linear: float = 1.0


@dataclass(frozen=True)
class Calibration:
    """Intervals of one channel, and how they did on held-out frames that they had not seen.

    Attributes
    ----------
    model : Model
    widening : Widening
        By what the fitted half-widths are multiplied.
    level, coverage : float
        Promised, and measured over blocks of time.
    by_intensity, by_motion : tuple of float
        Measured coverage in each decile of predicted intensity and of estimated motion.
    score_ratio : float
        Mean interval score (Gneiting and Raftery 2007) over that of one constant width; below 1 is better.
    gaps : int
        Held out.
    constant, saturated : float
        Share of pixels that were left out.
    gain : float
        PSNR of the held-out frames over that of linear blending, in dB, mean over frames.
    """

    model: Model
    widening: Widening
    level: float
    coverage: float
    by_intensity: tuple[float, ...]
    by_motion: tuple[float, ...]
    score_ratio: float
    gaps: int
    constant: float
    saturated: float
    gain: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-serialisable values."""
        return asdict(self)


def calibration_from_dict(record: dict[str, Any]) -> Calibration:
    """Undo `Calibration.as_dict`, also after a way through JSON."""
    kept = dict(record)
    kept["model"] = regression.from_dict(record["model"])
    kept["widening"] = widening_from_dict(record["widening"])
    kept["by_intensity"], kept["by_motion"] = tuple(record["by_intensity"]), tuple(record["by_motion"])
    return Calibration(**kept)


def calibrate(samples: Sequence[Sample], level: float = LEVEL, least: int = LEAST_GAPS) -> Calibration | None:
    """Fit and calibrate the intervals of one channel.

    Bounds are fitted on two thirds of the time and scored on the third that they did not see, in turn, so that their
    widening pays for what changes along the movie (cross-conformal prediction, Vovk 2015). The coverage that is
    reported of each third was reached with the widening of the other two.

    Parameters
    ----------
    samples : sequence of Sample
        In order of time.
    level : float
    least : int

    Returns
    -------
    Calibration or None
        None where fewer than ``least`` planes have pixels that vary: too short to calibrate.
    """
    told = [sample for sample in samples if len(sample.error)]
    if len(told) < least:
        return None
    blocks = [[told[i] for i in part] for part in np.array_split(np.arange(len(told)), BLOCKS)]
    fitted = [_fit([s for other in blocks if other is not block for s in other], level) for block in blocks]
    scores = [np.concatenate([_score(model, s) for s in block]) for model, block in zip(fitted, blocks, strict=True)]
    covered, ratios = [], []
    for b, block in enumerate(blocks):
        others = [i for i in range(BLOCKS) if i != b]
        wider = _widening(np.concatenate([scores[i] for i in others]), [s for i in others for s in blocks[i]], level)
        covered.append(np.concatenate([wider.at(s.features) for s in block]) >= scores[b])
        flat = float(np.quantile(np.abs(np.concatenate([s.error for i in others for s in blocks[i]])), level))
        ratios.append((interval_scores(fitted[b], wider, block, level), _constant_scores(flat, block, level)))
    inside = np.concatenate(covered)
    local, constant = (float(np.concatenate([pair[i] for pair in ratios]).mean()) for i in range(2))
    pixels = sum(s.pixels for s in samples) or 1
    return Calibration(
        model=_fit(told, level),
        widening=_widening(np.concatenate(scores), told, level),
        level=level,
        coverage=float(inside.mean()),
        by_intensity=by_decile(np.concatenate([s.features.intensity for s in told]), inside),
        by_motion=by_decile(np.concatenate([s.features.motion for s in told]), inside),
        score_ratio=local / max(constant, 1e-12),
        gaps=len(told),
        constant=sum(s.constant for s in samples) / pixels,
        saturated=sum(s.saturated for s in samples) / pixels,
        gain=float(np.mean([10 * np.log10((s.squared_linear + TINY) / (s.squared + TINY)) for s in told])),
    )


def interval(model: Model, wider: Widening, features: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the calibrated bounds of measured minus predicted for every pixel, each (N,)."""
    lower, upper = bounds(model, features)
    centre, half = (lower + upper) / 2, wider.at(features) * (upper - lower) / 2
    return centre - half, centre + half


def by_decile(values: NDArray[np.float32], inside: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return the coverage in each tenth of the pixels, sorted by a value; equal values stay together."""
    edges = np.quantile(values, np.linspace(0, 1, 11)[1:-1])
    part = np.searchsorted(edges, values, side="right")
    return tuple(float(inside[part == i].mean()) for i in range(10) if (part == i).any())


def interval_scores(model: Model, wider: Widening, samples: Sequence[Sample], level: float) -> NDArray[np.float64]:
    """Return the interval (Winkler) score of every pixel: width, plus 2 / (1 - level) times what lies outside."""
    pairs = [(interval(model, wider, s.features), s.error) for s in samples]
    return np.concatenate([_interval_score(lower, upper, error, level) for (lower, upper), error in pairs])


def _constant_scores(half: float, samples: Sequence[Sample], level: float) -> NDArray[np.float64]:
    errors = np.concatenate([s.error for s in samples])
    return _interval_score(np.full(len(errors), -half), np.full(len(errors), half), errors, level)


def _interval_score(
    lower: NDArray[np.float64], upper: NDArray[np.float64], error: NDArray[np.float32], level: float
) -> NDArray[np.float64]:
    outside = np.maximum(lower - error, 0) + np.maximum(error - upper, 0)
    return np.asarray(upper - lower + 2 / (1 - level) * outside, np.float64)


def _widening(scores: NDArray[np.float64], samples: Sequence[Sample], level: float) -> Widening:
    intensity, motion = (
        np.concatenate([getattr(s.features, name) for s in samples]) for name in ("intensity", "motion")
    )
    return widening(scores, intensity, motion, level)


def _fit(samples: Sequence[Sample], level: float) -> Model:
    parts = (np.concatenate([getattr(s.features, part.name) for s in samples]) for part in fields(Features))
    features = Features(*parts)
    return fit(features, np.concatenate([s.error for s in samples]), 1 - level)


def _score(model: Model, sample: Sample) -> NDArray[np.float64]:
    """How far each error lies from the centre of its bounds, in half-widths."""
    lower, upper = bounds(model, sample.features)
    return np.asarray(np.abs(sample.error - (lower + upper) / 2) / ((upper - lower) / 2), np.float64)
