"""Downstream checks: whether tracking and segmentation fare better with predicted frames than without."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.errors import CafiError
from cafi.quality.metrics.ranges import grey
from cafi.quality.segmentation import SegmentationScores, compare, make_segmenter
from cafi.quality.tracking.check import NULL, TrackingRow, check_tracking
from cafi.quality.tracking.linking import greatest_step
from cafi.quality.tracking.spots import make_detector, sample_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cafi.movie.model import Movie
    from cafi.quality.downstream_options import DownstreamOptions
    from cafi.quality.results import HeldOut, Target
    from cafi.quality.segmentation import Segmenter
    from cafi.quality.tracking.spots import Detector

    Grey = NDArray[np.float64]  # (Y, X)
    OnScored = Callable[[Target, int, int, NDArray[Any], NDArray[Any]], None]

LABELS_KEPT = 32  # label images of measured frames that are in memory


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
    """Takes predicted planes as they come, keeps their spots and segmentation scores alone, and compares at the end.

    Parameters
    ----------
    movie : Movie
        All of it.
    held_out : HeldOut
        The frames that methods predict.
    options : DownstreamOptions
    channels : sequence of int, optional
        All if omitted.

    Raises
    ------
    CafiError
        If the movie is a stack of several planes, no channel shows anything, or a package is missing.
    """

    def __init__(
        self, movie: Movie, held_out: HeldOut, options: DownstreamOptions, channels: Sequence[int] | None = None
    ) -> None:
        name = movie.path or movie.header.name
        if movie.header.size.z > 1:
            raise CafiError(
                f"{name} has {movie.header.size.z} planes in depth, and spots and nuclei are looked for in single"
                " planes; take a projection or one plane of it, or leave --tracking and --segmentation out."
            )
        wanted = range(movie.header.size.c) if channels is None else channels
        looks = [_ChannelLook(movie, held_out, channel, options) for channel in wanted]
        self._looks = [look for look in looks if not look.flat]
        if not self._looks:
            raise CafiError(f"{name} is constant: there is nothing in it to be tracked or segmented.")
        self._notes = [
            f"Channel {look.channel} is constant and was left out of the downstream checks."
            for look in looks
            if look.flat
        ]

    def listener(self, method: str, also: OnScored | None = None) -> OnScored:
        """Return what is to be told of each plane of a method that was scored; it tells ``also`` in turn."""

        def listen(target: Target, z: int, channel: int, truth: NDArray[Any], prediction: NDArray[Any]) -> None:
            self.take(method, target, channel, prediction)
            if also is not None:
                also(target, z, channel, truth, prediction)

        return listen

    def take(self, method: str, target: Target, channel: int, plane: NDArray[Any]) -> None:
        """Look at one predicted plane (Y, X) of one channel."""
        for look in self._looks:
            if look.channel == channel:
                look.take(method, target.frame, finite(plane))

    def result(self) -> Downstream:
        """Compare what was taken."""
        tracking = [found for look in self._looks if (found := look.tracking(self._notes)) is not None]
        segmentation = [row for look in self._looks for row in look.segmentation()]
        return Downstream(tuple(tracking), tuple(segmentation), tuple(dict.fromkeys(self._notes)))


class _ChannelLook:
    """Spots and segmentation scores of one channel."""

    def __init__(self, movie: Movie, held_out: HeldOut, channel: int, options: DownstreamOptions) -> None:
        self.channel, self._movie, self._options = channel, movie, options
        ends = {gap + side for gap in held_out.gaps for side in (0, 1)}
        self._kept = [held_out.kept[i] for i in sorted(ends)]
        self._targets = [target.frame for target in held_out.targets]
        sample = [self._grey(self._kept[i]) for i in sample_of(len(self._kept))]
        self.flat = all(np.ptp(grey) == 0 for grey in sample)
        self._detector: Detector | None = None
        self._segment: Segmenter | None = None
        if self.flat:
            return
        if options.tracking:
            self._detector = make_detector(sample, options.spot_diameter)
            self._spots = {f: self._detector.find(self._grey(f)) for f in sorted({*self._kept, *self._targets})}
            self._found: dict[str, dict[int, NDArray[np.float64]]] = defaultdict(dict)
        if options.segmentation:
            self._segment = segment = make_segmenter(options.segmenter, sample)
            self._labels = lru_cache(LABELS_KEPT)(lambda frame: segment(self._grey(frame)))
            self._objects = [np.unique(self._labels(frame)).size - 1 for frame in self._kept]
            self._scores: dict[str, list[SegmentationScores]] = defaultdict(list)
            for frame in self._targets:
                nearest = min(self._kept, key=lambda other: abs(other - frame))
                self._scores[NULL].append(compare(self._labels(frame), self._labels(nearest)))

    def take(self, method: str, frame: int, grey: Grey) -> None:
        if self._detector is not None:
            self._found[method][frame] = self._detector.find(grey)
        if self._segment is not None:
            self._scores[method].append(compare(self._labels(frame), self._segment(grey)))

    def tracking(self, notes: list[str]) -> ChannelTracking | None:
        """Track on all frames that some method predicted, with the methods that predicted all of these."""
        if self._detector is None:
            return None
        predicted = set().union(*self._found.values()) if self._found else set(self._targets)
        frames = sorted({*self._kept, *predicted})
        whole = {method: made for method, made in self._found.items() if predicted <= set(made)}
        notes += [
            f"{method} was left out of tracking: it filled only some of the gaps, and tracks need them all."
            for method in self._found
            if method not in whole
        ]
        place = {frame: i for i, frame in enumerate(frames)}
        spots = [self._spots[frame] for frame in frames]
        step = self._options.greatest_step or greatest_step(spots)
        kept = np.array([place[frame] for frame in self._kept])
        made = {method: {place[frame]: found for frame, found in of.items()} for method, of in whole.items()}
        rows = check_tracking(spots, kept, made, step)
        return ChannelTracking(self.channel, self._detector.diameter, self._detector.threshold, step, rows)

    def segmentation(self) -> list[SegmentationRow]:
        if self._segment is None:
            return []
        return [
            SegmentationRow(
                self.channel,
                of,
                _mean(score.dice for score in scores),
                _mean(score.average_precision for score in scores),
                _mean(score.true_count for score in scores),
                _mean(score.count for score in scores),
                float(np.mean(self._objects)),
            )
            for of, scores in self._scores.items()
        ]

    def _grey(self, frame: int) -> Grey:
        return finite(grey(self._movie.source.read(frame, self.channel, 0)))


def start_downstream(
    movie: Movie, held_out: HeldOut, options: DownstreamOptions, channels: Sequence[int]
) -> tuple[DownstreamCheck | None, tuple[str, ...]]:
    """Begin the checks that were asked for, if any; what cannot be checked is said in a sentence."""
    if not (options.tracking or options.segmentation):
        return None, ()
    try:
        return DownstreamCheck(movie, held_out, options, channels), ()
    except CafiError as error:
        return None, (str(error),)


def finite(plane: NDArray[Any]) -> Grey:
    """Return a plane in float64 with the mean of its finite pixels where pixels are not finite."""
    plane = np.asarray(plane, np.float64)
    good = np.isfinite(plane)
    if good.all():
        return plane
    return np.where(good, plane, plane[good].mean() if good.any() else 0.0)


def _mean(values: Any) -> float:
    """Mean of those that are numbers; NaN if none is."""
    told = [value for value in values if value == value]
    return float(np.mean(told)) if told else float("nan")
