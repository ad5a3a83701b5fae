"""Making a plan: measure, judge, and say how many frames can be left out."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.errors import CafiError
from cafi.movie.gap_warnings import faulty_frames
from cafi.movie.inspection import inspect
from cafi.planning.advice import Point, judge, longest
from cafi.planning.measuring import GAPS, Pilot, gap_starts, measure_gaps
from cafi.planning.motion import Displacement, displacement, structure_size
from cafi.planning.tracking_quality import TrackedPilot
from cafi.quality.tracking.spots import sample_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cafi.engine.options import EngineOptions
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Movie, PlaneSource
    from cafi.movie.plane_report import Fault
    from cafi.planning.bounds import Bound

INTERVALS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)
FEWEST_GAPS = 3  # of one length without overlap that a pilot must hold
LEAST = 4  # gaps of one length that are looked at, however little time there is
SEVERAL = 2  # intervals at which every method failed, after which longer ones are not tried
FAULTY: tuple[Fault, ...] = ("missing", "blank", "duplicated")  # on such frames nothing can be measured
MOST_FAULTY = 0.05  # of the frames of a pilot
UNSTEADY = 2.0  # factor by which the contrast of a frame may differ from the usual


@dataclass(frozen=True)
class Plan:
    """How a movie like the pilot may be recorded.

    Attributes
    ----------
    movie : str
    bound : str
        Of quality.
    confidence : float
    frames : int
        Of the pilot.
    frame_interval : float or None
        Median seconds from frame to frame, where the pilot says.
    pixel_size : float or None
        µm, where the pilot says.
    method : str or None
        The one that keeps the bound longest; None if none does.
    interval : int
        Capture one frame in so many; 1: go on capturing every frame.
    limits : dict of str to int
        The same for every method.
    points : tuple of Point
        Quality against interval.
    structure : float
        Typical size of what is seen, in pixels (full width at half maximum); NaN where nothing is.
    displacements : tuple of Displacement
        Over one frame, and over every interval that was tried.
    unsteadiness : float
        Factor by which the contrast of a frame differs from the usual; beyond `UNSTEADY` nothing is recommended.
    notes : tuple of str
    """

    movie: str
    bound: str
    confidence: float
    frames: int
    frame_interval: float | None
    pixel_size: float | None
    method: str | None
    interval: int
    limits: dict[str, int]
    points: tuple[Point, ...]
    structure: float
    displacements: tuple[Displacement, ...]
    unsteadiness: float
    notes: tuple[str, ...]

    @property
    def light_saved(self) -> float:
        """Share of the light dose that is saved when the same time is recorded."""
        return 1 - 1 / self.interval

    @property
    def steady(self) -> bool:
        """Whether what holds for one part of the pilot can hold for another."""
        return self.unsteadiness <= UNSTEADY

    @property
    def longest_tried(self) -> int:
        """The longest interval whose quality was measured."""
        return max((point.interval for point in self.points), default=1)


def make_plan(
    movie: Movie,
    bound: Bound,
    methods: Sequence[Interpolator],
    *,
    confidence: float = 0.95,
    most: int = 16,
    seconds: float = 300.0,
    engine: EngineOptions | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Leave out frames of a pilot movie, predict them, and find the longest interval that keeps a bound of quality.

    Parameters
    ----------
    movie : Movie
        At full rate.
    bound : Bound
    methods : sequence of Interpolator
    confidence : float
        That the mean quality is kept if recording goes on for as long again.
    most : int
        Longest interval that is tried.
    seconds : float
        To be spent, about.
    engine : EngineOptions, optional
    on_progress : callable, optional
        Called with the number of predicted frames and of all frames.

    Returns
    -------
    Plan

    Raises
    ------
    CafiError
        If the movie is too short, constant, or not made of acquired frames alone, or if more than a few of its frames
        are blank or repeated.
    """
    single, notes = _one_plane(movie, bound)
    pilot = Pilot(single)
    name = str(movie.path or movie.header.name)
    intervals = [k for k in INTERVALS if k <= most and (pilot.count - 1) // k >= FEWEST_GAPS]
    if not intervals:
        least = 2 * FEWEST_GAPS + 1
        raise CafiError(f"{name} has {pilot.count} frames along time, too few to plan from; record {least} or more.")
    if not pilot.channels:
        raise CafiError(f"{name} is constant: there is nothing in it whose quality could be kept.")
    notes += _faulty(single, pilot.channels, name)
    empty = sorted(set(range(movie.header.size.c)) - set(pilot.channels))
    notes += [f"Channel {c} is constant and was left out." for c in empty]
    points, more = _measured(pilot, bound, methods, intervals, confidence, seconds, engine, on_progress)
    change = pilot.unsteadiness()
    if change > UNSTEADY:
        points = [replace(point, keeps=False) for point in points]
    limits = longest(points)
    method = _best(points, limits)
    channel = pilot.channels[0]
    plane, scale = partial(pilot.plane, c=channel), pilot.scales[channel]
    tried = sorted({point.interval for point in points})
    times, size = movie.header.times, movie.header.pixel_size
    return Plan(
        movie=name,
        bound=str(bound),
        confidence=confidence,
        frames=pilot.count,
        frame_interval=None if times is None else float(np.median(np.diff(times))),
        pixel_size=None if size.y is None or size.x is None else float(np.sqrt(size.y * size.x)),
        method=method,
        interval=1 if method is None else limits[method],
        limits=limits,
        points=tuple(points),
        structure=float(np.median([structure_size(plane(i)) for i in sample_of(pilot.count)])),
        displacements=tuple(displacement(plane, pilot.count, interval, scale) for interval in (1, *tried)),
        unsteadiness=change,
        notes=(*notes, *more),
    )


def _one_plane(movie: Movie, bound: Bound) -> tuple[Movie, list[str]]:
    """Return the middle plane of a stack as a movie, and a note about it."""
    size = movie.header.size
    if size.z == 1:
        return movie, []
    if bound.metric == "tracking":
        raise CafiError(
            f"{movie.path or movie.header.name} has {size.z} planes in depth, and spots are tracked in single planes;"
            " take a projection or one plane of it, or another bound of quality, such as 'ssim>=0.9'."
        )
    return middle_plane(movie), [f"Only plane {size.z // 2} of {size.z} was looked at, in the middle of the stack."]


def _faulty(movie: Movie, channels: Sequence[int], name: str) -> list[str]:
    """Say which frames are blank (none can predict them) or repeated (any can); refuse a pilot with many."""
    found, notes = inspect(movie).channels, []
    for channel, fault in product((found[c] for c in channels), FAULTY):
        frames = [place.t for place in getattr(channel, fault)]
        if not frames:
            continue
        told = faulty_frames(fault, frames, channel.name)
        if len(frames) > MOST_FAULTY * movie.header.size.t:
            raise CafiError(
                f"{name} is no pilot to plan from: {told[0].lower()}{told[1:]}, and what is measured there means"
                " nothing; take a part without such frames, or record another."
            )
        notes.append(f"{told}; what is measured there means nothing.")
    return notes


def middle_plane(movie: Movie) -> Movie:
    """View the middle plane of a stack as a movie of its own."""
    header = movie.header
    return replace(
        movie,
        header=replace(header, size=header.size._replace(z=1)),
        source=_Plane(movie.source, header.size.z // 2),
    )


def _measured(
    pilot: Pilot,
    bound: Bound,
    methods: Sequence[Interpolator],
    intervals: Sequence[int],
    confidence: float,
    seconds: float,
    engine: EngineOptions | None,
    on_progress: Callable[[int, int], None] | None,
) -> tuple[list[Point], list[str]]:
    """Measure interval after interval, shortest first, as long as some method may keep the bound and time allows."""
    started = time.monotonic()
    tracked = TrackedPilot(pilot) if bound.metric == "tracking" else None
    metric = "ssim" if tracked is not None else bound.metric
    cost = {method.name: pilot.seconds_for(method, metric, engine) for method in methods}
    count, notes = _affordable(pilot, methods, intervals, cost, seconds - (time.monotonic() - started))
    tally = _Tally(sum((k - 1) * min(count, pilot.count - k) for k in intervals) * len(methods), on_progress)
    points: list[Point] = []
    failed = 0
    for interval in intervals:
        if time.monotonic() - started > seconds and points:
            notes.append(f"Intervals of {interval} frames and more were not tried, for time; --minutes gives more.")
            break
        here = []
        for method in methods:
            if method.times == "middle" and interval != 2:
                continue
            scores = (
                measure_gaps(pilot, metric, method, interval, gap_starts(pilot.count, interval, count), engine, tally)
                if tracked is None
                else tracked.measure_gaps(method, interval, count, engine, tally)
            )
            if scores:
                here.append(judge(scores, pilot.count, bound, confidence))
        points += here
        failed = 0 if any(point.keeps for point in here) else failed + 1
        if failed == SEVERAL:
            break
    return points, notes


def _affordable(
    pilot: Pilot, methods: Sequence[Interpolator], intervals: Sequence[int], cost: dict[str, float], seconds: float
) -> tuple[int, list[str]]:
    """How many gaps of each length fit into the time; the same for all methods, so that they compare."""
    each = sum((k - 1) * sum(cost[m.name] for m in methods if m.times == "any" or k == 2) for k in intervals)
    count = int(np.clip(seconds / max(each, 1e-9), LEAST, GAPS))
    fewer = count < min(GAPS, pilot.count - 2)
    return count, [f"{count} gaps of each length were looked at, for time; --minutes gives more."] if fewer else []


def _best(points: Sequence[Point], limits: dict[str, int]) -> str | None:
    """The method of the longest interval; of several the one of the best quality there."""
    most = max(limits.values(), default=1)
    if most == 1:
        return None
    able = [point for point in points if limits[point.method] == most == point.interval]
    return max(able, key=lambda point: point.quality).method


class _Tally:
    """Counts predicted frames for a progress bar."""

    def __init__(self, total: int, tell: Callable[[int, int], None] | None) -> None:
        self._done, self._total, self._tell = 0, total, tell

    def __call__(self) -> None:
        self._done += 1
        if self._tell is not None:
            self._tell(self._done, max(self._done, self._total))


@dataclass(frozen=True)
class _Plane:
    """One plane of a stack."""

    source: PlaneSource
    z: int

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:  # noqa: ARG002
        return self.source.read(t, c, self.z)

    def is_missing(self, t: int, c: int, z: int) -> bool:  # noqa: ARG002
        return self.source.is_missing(t, c, self.z)

    def close(self) -> None:
        self.source.close()
