"""All metrics of the held-out check: their names, what is good, and what each needs of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from cafi.quality.metrics import fourier, intensity, microssim, structure, temporal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cafi.quality.metrics.ranges import Range


@dataclass(frozen=True)
class Sample:
    """One predicted frame and all that it is judged by, in the movie's own unit.

    Attributes
    ----------
    truth, prediction, before, after : ndarray, shape (Y, X)
        The held-out frame, what was predicted (neither rounded nor clipped), and the acquired ends of the gap.
    t : float
        Place in the gap.
    scale : Range
        Of the channel.
    micro : MicroScale or None
        Of the method's predictions of this channel.
    """

    truth: NDArray[Any]
    prediction: NDArray[Any]
    before: NDArray[Any]
    after: NDArray[Any]
    t: float
    scale: Range
    micro: microssim.MicroScale | None = None

    @cached_property
    def finite(self) -> bool:
        """Whether every pixel of all four frames is finite."""
        frames = (self.truth, self.prediction, self.before, self.after)
        return all(bool(np.isfinite(frame).all()) for frame in frames if frame.dtype.kind == "f")

    @cached_property
    def pixels(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Truth and prediction; where some pixels are not finite in one, the others in a row."""
        if self.finite:
            return self.truth, self.prediction
        known = np.isfinite(self.truth) & np.isfinite(self.prediction)
        return self.truth[known], self.prediction[known]

    @cached_property
    def rings(self) -> fourier.Rings:
        """Fourier ring correlation of truth and prediction."""
        return fourier.ring_correlation(self.truth, self.prediction)

    @cached_property
    def fit(self) -> intensity.LinearFit:
        """Truth as a linear function of the prediction."""
        return intensity.linear_fit(*self.pixels, self.scale)


class Need(NamedTuple):
    """A condition that a frame must meet; the words end the sentence 'it needs ...'."""

    words: str
    holds: Callable[[Sample], bool]


def _side(pixels: int) -> Need:
    return Need(f"at least {pixels} pixels in each side", lambda s: min(s.truth.shape) >= pixels)


FINITE = Need("pixels that are all finite", lambda s: s.finite)
SOME_FINITE = Need("at least two finite pixels", lambda s: s.pixels[0].size > 1)
TRUTH_VARIES = Need("a measured frame that is not constant", lambda s: _varies(s.pixels[0]))
BOTH_VARY = Need(
    "a measured and a predicted frame that are not constant", lambda s: _varies(s.pixels[0]) and _varies(s.pixels[1])
)
MICRO = Need("a channel that shows more than background", lambda s: s.micro is not None)


class Metric(NamedTuple):
    """One metric.

    Attributes
    ----------
    name : str
        Its key in `FrameScore.values`.
    label : str
        For people.
    unit : str
        Empty for plain numbers.
    best : 'high', 'low' or 'none'
        What a good prediction has; 'none' where no method is called better by it.
    needs : tuple of Need
        In the order in which they are tried.
    measure : callable
        From a sample that meets them to the value.
    note : str
        What a reader must know to not be misled.
    """

    name: str
    label: str
    unit: str
    best: Literal["high", "low", "none"]
    needs: tuple[Need, ...]
    measure: Callable[[Sample], float]
    note: str = ""


METRICS = (
    Metric("psnr", "PSNR", "dB", "high", (SOME_FINITE,), lambda s: intensity.psnr(*s.pixels, s.scale)),
    Metric(
        "ssim",
        "SSIM",
        "",
        "high",
        (_side(structure.WINDOW), FINITE),
        lambda s: structure.ssim(s.truth, s.prediction, s.scale),
    ),
    Metric(
        "ms_ssim",
        "MS-SSIM",
        "",
        "high",
        (_side(structure.MS_SMALLEST), FINITE),
        lambda s: structure.ms_ssim(s.scale.normalise(s.truth), s.scale.normalise(s.prediction)),
    ),
    Metric(
        "micro_ssim",
        "MicroSSIM",
        "",
        "high",
        (_side(structure.WINDOW), FINITE, TRUTH_VARIES, MICRO),
        lambda s: microssim.micro_ssim(s.truth, s.prediction, s.micro) if s.micro else float("nan"),
        "One scale for all predictions of a method in a channel.",
    ),
    Metric("nrmse", "NRMSE", "", "low", (SOME_FINITE,), lambda s: intensity.nrmse(*s.pixels, s.scale)),
    Metric(
        "nrmse_published",
        "published 'NRMSE'",
        "",
        "low",
        (SOME_FINITE, BOTH_VARY),
        lambda s: intensity.nrmse_published(*s.pixels),
        "As Priessner et al. 2024 compute it: sqrt(mean |difference|) after a fit; no root mean squared error.",
    ),
    Metric("pearson", "Pearson", "", "high", (SOME_FINITE, BOTH_VARY), lambda s: intensity.pearson(*s.pixels)),
    Metric(
        "gain",
        "gain",
        "",
        "none",
        (SOME_FINITE, BOTH_VARY),
        lambda s: s.fit.gain,
        "Of truth = gain * prediction + bias; 1 is calibrated.",
    ),
    Metric("bias", "bias", "", "none", (SOME_FINITE, BOTH_VARY), lambda s: s.fit.bias, "Of the intensity range."),
    Metric(
        "frc",
        "FRC mean",
        "",
        "high",
        (_side(32), FINITE, BOTH_VARY),
        lambda s: float(s.rings.correlation.mean()),
        "Mean of the Fourier ring correlation up to half a cycle per pixel.",
    ),
    Metric(
        "frc_cutoff",
        "FRC cut-off",
        "cycles/px",
        "high",
        (_side(32), FINITE, BOTH_VARY),
        lambda s: fourier.cutoff(s.rings),
        "Where the Fourier ring correlation first falls below 1/7.",
    ),
    Metric(
        "flicker",
        "flicker",
        "",
        "none",
        (_side(temporal.BLOCK), FINITE),
        lambda s: temporal.flicker(s.prediction, s.before, s.after, s.t, s.scale),
        "Compare with that of the measured frames: linear blending has none at all.",
    ),
    Metric(
        "flicker_measured",
        "flicker of the measured frame",
        "",
        "none",
        (_side(temporal.BLOCK), FINITE),
        lambda s: temporal.flicker(s.truth, s.before, s.after, s.t, s.scale),
    ),
    Metric(
        "pumping",
        "brightness pumping",
        "",
        "none",
        (FINITE,),
        lambda s: temporal.pumping(s.prediction, s.before, s.after, s.t, s.scale),
        "Compare with that of the measured frames: linear blending has none at all.",
    ),
    Metric(
        "pumping_measured",
        "brightness pumping of the measured frame",
        "",
        "none",
        (FINITE,),
        lambda s: temporal.pumping(s.truth, s.before, s.after, s.t, s.scale),
    ),
    Metric(
        "noise_ratio",
        "noise ratio",
        "",
        "none",
        (_side(2), FINITE),
        lambda s: temporal.noise_ratio(s.prediction, s.before, s.after),
        "High-pass noise of interpolated over acquired frames; below 1, do not count photons on both together.",
    ),
)


def metric(name: str) -> Metric:
    """Return the metric of a name."""
    return next(m for m in METRICS if m.name == name)


def measure(sample: Sample) -> tuple[dict[str, float], tuple[tuple[str, str], ...]]:
    """Take every metric of one frame.

    Returns
    -------
    dict of str to float
        By name; NaN for metrics that refused.
    tuple of (str, str)
        Each metric that refused, and what it needs.
    """
    values, refused = {}, []
    for m in METRICS:
        missing = next((need for need in m.needs if not need.holds(sample)), None)
        values[m.name] = float("nan") if missing else m.measure(sample)
        if missing:
            refused.append((m.name, missing.words))
    return values, tuple(refused)


def _varies(frame: NDArray[Any]) -> bool:
    return bool(frame.max() > frame.min())
