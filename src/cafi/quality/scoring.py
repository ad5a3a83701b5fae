"""One method at work on the held-out frames of one movie: its scores, its time, its memory."""

from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cafi.quality.heldout import kept_movie
from cafi.quality.memory import forget_peak, peak_mb
from cafi.quality.metrics.catalogue import Sample, measure
from cafi.quality.metrics.microssim import fit_micro_scale
from cafi.quality.metrics.ranges import grey
from cafi.quality.metrics.structure import WINDOW
from cafi.quality.prediction import predict
from cafi.quality.results import FrameScore, MethodRun, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from numpy.typing import NDArray

    from cafi.engine.normalisation import Normalisation
    from cafi.engine.options import EngineOptions
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Movie
    from cafi.quality.metrics.microssim import MicroScale
    from cafi.quality.metrics.ranges import Range
    from cafi.quality.prediction import Predicted
    from cafi.quality.results import HeldOut

    Plane = NDArray[Any]
    Item = tuple[Target, Predicted]
    OnScored = Callable[[Target, int, int, Plane, Plane], None]

FIRST_FRAMES = 16  # on which the scale of MicroSSIM is fitted, at most
FIRST_BYTES = 1 << 28  # that these may take while they wait
PLANES_KEPT = 16  # acquired ones: those around a gap are needed several times
SEED = 0


@dataclass(frozen=True)
class Check:
    """What is the same for all methods.

    Attributes
    ----------
    movie : Movie
        All of it.
    held_out : HeldOut
    ranges : dict of int to Range
        Of each channel that is scored, over the whole movie.
    normalisation : Normalisation
        Of the kept frames.
    options : EngineOptions
    """

    movie: Movie
    held_out: HeldOut
    ranges: dict[int, Range]
    normalisation: Normalisation
    options: EngineOptions

    @property
    def seen(self) -> Movie:
        """What methods may see: the kept frames."""
        return kept_movie(self.movie, self.held_out)

    @property
    def order(self) -> tuple[int, ...]:
        """The gaps in a fixed, seeded order: a method without time for all takes the first, the same as any other."""
        return tuple(int(gap) for gap in np.random.default_rng(SEED).permutation(self.held_out.gaps))

    @property
    def first(self) -> tuple[int, ...]:
        """The gaps that are predicted before any is scored."""
        size, held_out = self.movie.header.size, self.held_out
        each = len(held_out.targets) / len(held_out.gaps)
        frames = min(FIRST_FRAMES, FIRST_BYTES // (4 * len(self.ranges) * size.y * size.x))
        return self.order[: max(1, int(frames / each))]


@dataclass(frozen=True)
class Scored:
    """How one method did.

    Attributes
    ----------
    scores : tuple of FrameScore
        In order of time.
    run : MethodRun
    broken : tuple of int
        Gaps that are cuts or stage jumps: copied, not interpolated, so not scored.
    refused : dict
        (metric, what it needs) -> planes that it refused.
    planes : int
        That were scored, over all frames, channels and depths.
    warned : tuple of str
        What the method itself said.
    """

    scores: tuple[FrameScore, ...]
    run: MethodRun
    broken: tuple[int, ...]
    refused: dict[tuple[str, str], int]
    planes: int
    warned: tuple[str, ...]


class Made(NamedTuple):
    """A prediction of the scored channels, grey, shape (channels, Y, X)."""

    target: Target
    z: int
    planes: Plane


def score_method(
    check: Check,
    interpolator: Interpolator,
    *,
    seconds: float = math.inf,
    on_progress: Callable[[int, int], None] | None = None,
    on_scored: OnScored | None = None,
) -> Scored:
    """Predict and score held-out frames, as many as the time allows.

    The first gaps of the seeded order wait until the scale of MicroSSIM is fitted on them (on the middle depth of a
    stack), and tell how long one takes. All others are scored as they come, so that memory stays bounded.

    Parameters
    ----------
    check : Check
    interpolator : Interpolator
    seconds : float
        That the method may take; one gap is always filled.
    on_progress : callable, optional
        Called with how many planes are scored and how many will be.
    on_scored : callable, optional
        Called with target, z, channel, truth and prediction (Y, X) of each scored plane.

    Raises
    ------
    CafiError
        If the method cannot predict such times, or does not fit into the memory budget.
    """
    scoring, started = _Scoring(check, interpolator, on_scored), time.monotonic()
    depths, tell = check.movie.header.size.z, on_progress or (lambda _done, _total: None)
    total = depths * len(check.held_out.targets)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        waiting = scoring.first(started + seconds / 2, lambda done: tell(done, total))
        scoring.fit([made for group in waiting for made in group])
        first = check.order[: scoring.score_first(waiting, started + seconds)]
        each = (time.monotonic() - started) / len(first) * depths
        gaps = check.order[: max(len(first), int(min(seconds / max(each, 1e-9), len(check.order))))]
        deeper = scoring.make(first, [z for z in range(depths) if z != depths // 2])
        total = depths * len(check.held_out.with_gaps(gaps).targets)
        for done, made in enumerate(
            chain(deeper, scoring.make(gaps[len(first) :])), scoring.planes // len(check.ranges) + 1
        ):
            scoring.score(made)
            tell(done, total)
    said = {str(warning.message) for warning in caught if issubclass(warning.category, RuntimeWarning)}
    run = MethodRun(
        method=interpolator.name,
        seconds_per_frame=scoring.seconds_per_plane * depths,
        peak_mb=max(scoring.peaks),
        subset=len(gaps) < len(check.order),
        gaps=tuple(sorted(set(gaps) - scoring.broken)),
    )
    return Scored(
        scoring.scores(), run, tuple(sorted(scoring.broken)), dict(scoring.refused), scoring.planes, tuple(sorted(said))
    )


class _Scoring:
    """What gathers while the frames of one method are predicted and scored."""

    def __init__(self, check: Check, interpolator: Interpolator, on_scored: OnScored | None) -> None:
        self._check, self._interpolator, self._on_scored = check, interpolator, on_scored
        self._scales: dict[int, MicroScale | None] = {}
        self._values: dict[tuple[Target, int], list[dict[str, float]]] = {}
        self._seconds: list[float] = []
        self.broken: set[int] = set()
        self.planes = 0
        self.peaks: list[float] = []
        self.refused: Counter[tuple[str, str]] = Counter()
        self._plane = lru_cache(PLANES_KEPT * len(check.ranges))(self._read)

    def make(self, gaps: Collection[int], depths: Collection[int] | None = None) -> Iterator[Made]:
        """Predict the targets in these gaps; breaks are noted and left out."""
        check = self._check
        wanted = check.held_out.with_gaps(gaps)
        if not wanted.targets or (depths is not None and not depths):
            return
        made = predict(self._interpolator, check.movie, wanted, check.options, check.normalisation, depths)
        for target, predicted in self._watched(made):
            if predicted.copied:
                self.broken.add(target.gap)
                continue
            self._seconds.append(predicted.seconds)
            samples = predicted.mean.reshape(check.movie.header.size.c, -1, *predicted.mean.shape[-2:])
            yield Made(target, predicted.z, samples[list(check.ranges)].mean(axis=1))

    def _watched(self, made: Iterator[Item]) -> Iterator[Item]:
        """Note the peak of memory while predicting: that of scoring in between is not the method's."""
        while True:
            forget_peak()
            item = next(made, None)
            self.peaks.append(peak_mb())
            if item is None:
                return
            yield item

    def first(self, deadline: float, tell: Callable[[int], None]) -> list[list[Made]]:
        """Predict the first gaps at the middle depth, one after the other, until there is no more time."""
        waiting: list[list[Made]] = []
        for gap in self._check.first:
            waiting.append(list(self.make([gap], [self._check.movie.header.size.z // 2])))
            tell(sum(map(len, waiting)))
            if time.monotonic() > deadline:
                break
        return waiting

    def score_first(self, waiting: list[list[Made]], deadline: float) -> int:
        """Score the first gaps until there is no more time, and return how many were."""
        for done, group in enumerate(waiting, 1):
            for made in group:
                self.score(made)
            if time.monotonic() > deadline:
                return done
        return len(waiting)

    def fit(self, waiting: list[Made]) -> None:
        """Fit one scale of MicroSSIM for each channel."""
        for i, channel in enumerate(self._check.ranges):
            pairs = [(self._plane(m.target.frame, channel, m.z), m.planes[i]) for m in waiting]
            fit = [
                p for p in pairs if min(p[0].shape) >= WINDOW and np.isfinite(p[0]).all() and np.isfinite(p[1]).all()
            ]
            self._scales[channel] = fit_micro_scale(*map(list, zip(*fit, strict=True))) if fit else None

    def score(self, made: Made) -> None:
        """Take all metrics of a prediction."""
        kept, (target, z, planes) = self._check.held_out.kept, made
        for prediction, (channel, scale) in zip(planes, self._check.ranges.items(), strict=True):
            frames = (target.frame, kept[target.gap], kept[target.gap + 1])
            truth, before, after = (self._plane(frame, channel, z) for frame in frames)
            sample = Sample(truth, prediction, before, after, target.t, scale, self._scales[channel])
            values, refused = measure(sample)
            self._values.setdefault((target, channel), []).append(values)
            self.refused.update(refused)
            self.planes += 1
            if self._on_scored is not None:
                self._on_scored(target, z, channel, truth, prediction)

    def scores(self) -> tuple[FrameScore, ...]:
        """Return the mean over depths for each frame and channel, in order of time."""
        name = self._interpolator.name
        found = sorted(self._values.items(), key=lambda item: (item[0][0].frame, item[0][1]))
        return tuple(
            FrameScore(name, target.frame, target.gap, target.t, channel, _means(depths))
            for (target, channel), depths in found
        )

    @property
    def seconds_per_plane(self) -> float:
        """The median, so that loading the method does not count."""
        return float(np.median(self._seconds)) if self._seconds else math.nan

    def _read(self, frame: int, channel: int, z: int) -> Plane:
        return grey(self._check.movie.source.read(frame, channel, z))


def _means(depths: list[dict[str, float]]) -> dict[str, float]:
    """Average each metric over the depths that it did not refuse."""
    found = {}
    for name in depths[0]:
        known = [values[name] for values in depths if not math.isnan(values[name])]
        found[name] = sum(known) / len(known) if known else math.nan
    return found
