"""Downstream checks: whether tracking and segmentation fare better with predicted frames than without."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.errors import CafiError
from cafi.quality.prediction import predict, true_planes
from cafi.quality.segmentation import SegmentationScores, compare, make_segmenter
from cafi.quality.tracking.check import NULL, TrackingRow, check_tracking
from cafi.quality.tracking.linking import greatest_step
from cafi.quality.tracking.spots import make_detector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cafi.engine.options import EngineOptions
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Movie
    from cafi.quality.downstream_options import DownstreamOptions
    from cafi.quality.prediction import Predicted
    from cafi.quality.results import HeldOut, Target
    from cafi.quality.segmentation import Segmenter
    from cafi.quality.tracking.spots import Detector

    Grey = NDArray[np.float64]  # (Y, X)


@dataclass(frozen=True)
class ChannelTracking:
    """The tracking check of one channel.

    Attributes
    ----------
    channel : int
    spot_diameter, threshold : float
        Of the detector: pixels, and intensity.
    greatest_step : float
        Pixels in one frame at full rate.
    rows : tuple of TrackingRow
        Full rate, no interpolation, then the methods.
    """

    channel: int
    spot_diameter: float
    threshold: float
    greatest_step: float
    rows: tuple[TrackingRow, ...]


@dataclass(frozen=True)
class SegmentationRow:
    """The segmentation check of one channel for one method, mean over the held-out frames.

    Attributes
    ----------
    channel : int
    of : str
        A method, or 'no interpolation': the nearest kept frame in the place of each held-out one.
    dice, average_precision : float
        `cafi.quality.segmentation.SegmentationScores`, against the segmentation of the measured frame.
    true_count, count : float
        Objects in a held-out frame as measured and as predicted.
    acquired_count : float
        Objects in a kept frame.
    """

    channel: int
    of: str
    dice: float
    average_precision: float
    true_count: float
    count: float
    acquired_count: float


@dataclass(frozen=True)
class Downstream:
    """What the downstream checks found; empty where one was not asked for."""

    tracking: tuple[ChannelTracking, ...] = ()
    segmentation: tuple[SegmentationRow, ...] = ()
    notes: tuple[str, ...] = ()


class DownstreamCheck:
    """Takes predicted frames as they come, keeps their spots and segmentation scores alone, and compares at the end.

    Parameters
    ----------
    movie : Movie
        All of it.
    held_out : HeldOut
        The frames that every method predicts.
    options : DownstreamOptions

    Raises
    ------
    CafiError
        If the movie is a stack of several planes, no channel shows anything, or a package is missing.
    """

    def __init__(self, movie: Movie, held_out: HeldOut, options: DownstreamOptions) -> None:
        self._movie, self._options = movie, options
        name = movie.path or movie.header.name
        if movie.header.size.z > 1:
            raise CafiError(
                f"{name} has {movie.header.size.z} planes in depth, and spots and nuclei are looked for in single"
                " planes; take a projection or one plane of it, or leave --tracking and --segmentation out."
            )
        ends = {gap + side for gap in held_out.gaps for side in (0, 1)}
        self._kept = [held_out.kept[i] for i in sorted(ends)]
        self._frames = sorted({*self._kept, *(target.frame for target in held_out.targets)})
        greys = {frame: self._greys(true_planes(movie, frame, 0)) for frame in self._frames}
        channels = [c for c in range(movie.header.size.c) if any(np.ptp(grey[c]) > 0 for grey in greys.values())]
        if not channels:
            raise CafiError(f"{name} is constant: there is nothing in it to be tracked or segmented.")
        self._looks = [
            _ChannelLook(c, [greys[f][c] for f in self._frames], self._frames, self._kept, options) for c in channels
        ]
        self._notes = tuple(
            f"Channel {c} is constant and was left out of the downstream checks."
            for c in range(movie.header.size.c)
            if c not in channels
        )

    def take(self, method: str, target: Target, predicted: Predicted) -> None:
        """Look at one predicted frame."""
        greys = self._greys(predicted.mean)
        for look in self._looks:
            look.take(method, target.frame, greys[look.channel])

    def result(self) -> Downstream:
        """Compare what was taken."""
        tracking = tuple(look.tracking() for look in self._looks) if self._options.tracking else ()
        segmentation = tuple(row for look in self._looks for row in look.segmentation())
        return Downstream(tracking, segmentation, self._notes)

    def _greys(self, planes: NDArray[Any]) -> list[Grey]:
        """One finite plane for each channel: the mean over RGB samples, holes filled with the mean."""
        samples = self._movie.header.samples
        grey = np.asarray(planes, np.float64).reshape(-1, samples, *planes.shape[1:]).mean(1)
        return [_filled(plane) for plane in grey]


class _ChannelLook:
    """Spots and segmentation scores of one channel."""

    def __init__(
        self,
        channel: int,
        greys: Sequence[Grey],
        frames: Sequence[int],
        kept: Sequence[int],
        options: DownstreamOptions,
    ) -> None:
        self.channel, self._frames, self._kept, self._options = channel, list(frames), list(kept), options
        seen = [grey for frame, grey in zip(frames, greys, strict=True) if frame in set(kept)]
        self._detector: Detector | None = None
        self._segment: Segmenter | None = None
        if options.tracking:
            self._detector = make_detector(seen, options.spot_diameter)
            self._spots = [self._detector.find(grey) for grey in greys]
            self._found: dict[str, dict[int, NDArray[np.float64]]] = defaultdict(dict)
        if options.segmentation:
            self._segment = make_segmenter(options.segmenter, seen)
            self._labels = dict(zip(frames, map(self._segment, greys), strict=True))
            self._scores: dict[str, list[SegmentationScores]] = defaultdict(list)
            for frame in frames:
                if frame not in kept:
                    nearest = min(kept, key=lambda other: abs(other - frame))
                    self._scores[NULL].append(compare(self._labels[frame], self._labels[nearest]))

    def take(self, method: str, frame: int, grey: Grey) -> None:
        if self._detector is not None:
            self._found[method][self._frames.index(frame)] = self._detector.find(grey)
        if self._segment is not None:
            self._scores[method].append(compare(self._labels[frame], self._segment(grey)))

    def tracking(self) -> ChannelTracking:
        if self._detector is None:
            raise ValueError("tracking was not asked for")
        step = self._options.greatest_step or greatest_step(self._spots)
        kept = np.searchsorted(self._frames, self._kept)
        rows = check_tracking(self._spots, kept, self._found, step)
        return ChannelTracking(self.channel, self._detector.diameter, self._detector.threshold, step, rows)

    def segmentation(self) -> list[SegmentationRow]:
        if self._segment is None:
            return []
        acquired = float(np.mean([np.unique(self._labels[f]).size - 1 for f in self._kept]))
        return [
            SegmentationRow(
                self.channel,
                of,
                _mean(score.dice for score in scores),
                _mean(score.average_precision for score in scores),
                _mean(score.true_count for score in scores),
                _mean(score.count for score in scores),
                acquired,
            )
            for of, scores in self._scores.items()
        ]


def check_downstream(
    movie: Movie,
    held_out: HeldOut,
    methods: Sequence[Interpolator],
    options: DownstreamOptions,
    engine: EngineOptions | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Downstream:
    """Predict the held-out frames with each method, and track and segment with and without them.

    Parameters
    ----------
    movie : Movie
    held_out : HeldOut
    methods : sequence of Interpolator
    options : DownstreamOptions
    engine : EngineOptions, optional
    on_progress : callable, optional
        Called with the number of predicted frames and of all frames.

    Returns
    -------
    Downstream

    Raises
    ------
    CafiError
        As `DownstreamCheck` and `cafi.quality.prediction.predict`.
    """
    check = DownstreamCheck(movie, held_out, options)
    done, total = 0, len(methods) * len(held_out.targets)
    for method in methods:
        for target, predicted in predict(method, movie, held_out, engine):
            check.take(method.name, target, predicted)
            done += 1
            if on_progress is not None:
                on_progress(done, total)
    return check.result()


def _filled(plane: Grey) -> Grey:
    finite = np.isfinite(plane)
    if finite.all():
        return plane
    return np.where(finite, plane, plane[finite].mean() if finite.any() else 0.0)


def _mean(values: Any) -> float:
    """Mean of those that are numbers; NaN if none is."""
    told = [value for value in values if value == value]
    return float(np.mean(told)) if told else float("nan")
