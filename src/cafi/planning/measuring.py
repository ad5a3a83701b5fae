"""Quality against frame interval: frames are left out of a pilot movie, predicted, and compared with themselves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import gaussian_filter

from cafi.engine.noise import high_pass_noise
from cafi.quality.downstream import finite
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.metrics import Range, psnr, ssim
from cafi.quality.metrics.ranges import grey, movie_range
from cafi.quality.prediction import predict
from cafi.quality.results import HeldOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from cafi.engine.options import EngineOptions
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Movie


UNIT = Range(0.0, 1.0)

GAPS = 24  # of one length that are looked at, at most
NORMAL = 0.6745  # median absolute value of a standard normal variate
SMALLEST = 1e-3  # SSIM that is divided by
IDENTICAL = 100.0  # dB in the place of infinity, where a camera gave the same frame twice
SEED = 0
PLANES_KEPT = 32  # in memory
TIMED = 2  # frames that are predicted to learn what one costs


@dataclass(frozen=True)
class GapScore:
    """How well one method filled one gap, mean over the frames in it.

    Attributes
    ----------
    method : str
    interval : int
        Length of the gap in frames of the pilot movie.
    start : int
        Frame at which the gap begins.
    value : float
        Of the metric, in the weakest channel.
    """

    method: str
    interval: int
    start: int
    value: float


def attainable_ssim(truth: NDArray[Any], scale: Range) -> float:
    """Return the SSIM that a perfect prediction would have with a measured frame.

    Noise cannot be predicted: in a noisy movie SSIM stays low however good a prediction is. The scene without noise is
    taken to be the frame smoothed by one pixel; noise is as strong as the finest detail of the frame tells
    (`cafi.engine.noise.high_pass_noise`). Where that is more than noise, as in finely textured scenes, the result is
    too low; where a camera or codec has smoothed the noise, it is too high, at most 1.

    Parameters
    ----------
    truth : ndarray, shape (Y, X)
        In the movie's own unit.
    scale : Range

    Returns
    -------
    float
    """
    normal = scale.normalise(truth)
    noise = high_pass_noise(normal[None].astype(np.float32))[0] / NORMAL
    scene = gaussian_filter(normal, 1.0)
    measured = scene + noise * np.random.default_rng(SEED).standard_normal(normal.shape)
    return max(ssim(measured, scene, UNIT), SMALLEST)


class Pilot:
    """A movie at full rate that frames are left out of.

    Parameters
    ----------
    movie : Movie
        Of one plane in depth.
    scales : dict of int to Range, optional
        Of each channel, to which scores refer; its own if omitted.
    """

    def __init__(self, movie: Movie, scales: dict[int, Range] | None = None) -> None:
        self.movie, self.count = movie, movie.header.size.t
        ranges = scales or {c: movie_range(movie, c) for c in range(movie.header.size.c)}
        self.scales = {c: scale for c, scale in ranges.items() if not scale.flat}
        self.channels = list(self.scales)
        self._attainable: dict[tuple[int, int], float] = {}
        self.plane = lru_cache(PLANES_KEPT)(self._read)

    def _read(self, frame: int, c: int) -> NDArray[np.float64]:
        """Return one channel of one frame, (Y, X), finite; the last few are remembered."""
        return finite(grey(self.movie.source.read(frame, c, 0)))

    def unsteadiness(self) -> float:
        """Return by what factor the contrast (standard deviation) of a frame differs most from the usual, 1 or more."""
        factors = [1.0]
        for c in self.channels:
            contrast = np.array([self.plane(frame, c).std() for frame in range(self.count)])
            usual, least = float(np.median(contrast)), float(contrast.min())
            factors += [float(contrast.max()) / usual if usual else np.inf, usual / least if least else np.inf]
        return max(factors)

    def predicted(
        self, method: Interpolator, interval: int, starts: Sequence[int], engine: EngineOptions | None
    ) -> Iterator[tuple[int, int, NDArray[np.float64]]]:
        """Predict all frames of the gaps of this length that begin at ``starts``.

        Yields
        ------
        start, frame : int
        mean : ndarray of float64, shape (C, Y, X)
        """
        for phase in range(interval):
            wanted = [start for start in starts if start % interval == phase]
            if not wanted:
                continue
            part = kept_movie(self.movie, HeldOut(tuple(range(phase, self.count)), ()))
            held_out = hold_out(part, interval).with_gaps((start - phase) // interval for start in wanted)
            for target, made in predict(method, part, held_out, engine):
                samples = self.movie.header.samples
                mean = made.mean.reshape(-1, samples, *made.mean.shape[1:]).mean(1)
                yield phase + target.gap * interval, phase + target.frame, mean

    def score(self, metric: str, frame: int, mean: NDArray[np.float64]) -> float:
        """Compare a predicted frame with the measured one, in the weakest channel."""
        return min(self._score(metric, frame, c, mean[c]) for c in self.channels)

    def _score(self, metric: str, frame: int, c: int, mean: NDArray[np.float64]) -> float:
        truth, scale, mean = self.plane(frame, c), self.scales[c], finite(mean)
        if metric == "psnr":
            return min(psnr(truth, mean, scale), IDENTICAL)
        found = ssim(truth, mean, scale)
        return found / self.attainable(frame, c) if metric == "attained" else found

    def attainable(self, frame: int, c: int) -> float:
        """Return `attainable_ssim` of a measured frame, computed once."""
        if (frame, c) not in self._attainable:
            self._attainable[frame, c] = attainable_ssim(self.plane(frame, c), self.scales[c])
        return self._attainable[frame, c]

    def seconds_for(self, method: Interpolator, metric: str, engine: EngineOptions | None) -> float:
        """Measure what one frame costs to predict and compare, once the method is loaded."""
        spent = []
        for _ in range(TIMED):
            started = time.monotonic()
            for _, frame, mean in self.predicted(method, 2, [0], engine):
                self.score(metric, frame, mean)
            spent.append(time.monotonic() - started)
        return spent[-1]


def gap_starts(frames: int, interval: int, most: int = GAPS) -> list[int]:
    """Choose where gaps begin: evenly spread over the movie, as many as fit or ``most``; they may overlap."""
    count = frames - interval
    if count < 1:
        return []
    return [int(start) for start in np.unique(np.linspace(0, count - 1, min(most, count)).astype(int))]


def measure_gaps(
    pilot: Pilot,
    metric: str,
    method: Interpolator,
    interval: int,
    starts: Sequence[int],
    engine: EngineOptions | None = None,
    on_frame: Callable[[], None] | None = None,
) -> list[GapScore]:
    """Leave out the frames inside gaps of one length, predict and compare them.

    Parameters
    ----------
    pilot : Pilot
    metric : 'attained', 'ssim' or 'psnr'
        'attained' is SSIM over `attainable_ssim`.
    method : Interpolator
    interval : int
        Length of the gaps in frames, 2 or more.
    starts : sequence of int
        Frames at which gaps begin.
    engine : EngineOptions, optional
    on_frame : callable, optional
        Called after each frame.

    Returns
    -------
    list of GapScore
        In order of time. Gaps that irregular times make too long are left out.
    """
    found: dict[int, list[float]] = {}
    for start, frame, mean in pilot.predicted(method, interval, starts, engine):
        found.setdefault(start, []).append(pilot.score(metric, frame, mean))
        if on_frame is not None:
            on_frame()
    return [GapScore(method.name, interval, start, float(np.mean(found[start]))) for start in sorted(found)]
