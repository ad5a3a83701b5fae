"""What is wrong with the frames of a movie: blank, duplicated, saturated, missing ones, and irregular times."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.errors import CafiError
from cafi.movie.frames import KIND_NAMES
from cafi.movie.gap_warnings import before, gap_warnings
from cafi.movie.model import Channel
from cafi.movie.plane_report import FAULTS, Place, PlaneReport, faults_of, largest_value, report_plane
from cafi.movie.reading.guard import DAMAGED
from cafi.movie.timing import TimeStatistics, time_statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cafi.movie.frames import Axis
    from cafi.movie.model import Header, Movie

__all__ = [
    "ChannelInspection",
    "Inspection",
    "PlaneReport",
    "TimeStatistics",
    "gap_warnings",
    "inspect",
    "largest_value",
    "report_plane",
]


@dataclass(frozen=True)
class ChannelInspection:
    """What was found in one channel; planes are (t, c, z).

    Attributes
    ----------
    name : str
        As in the file, or the channel's number.
    color : str or None
    missing, blank, duplicated, saturated, nonfinite, unreadable : tuple of Place
        The planes that are so. Duplicated: bit-identical to the frame before, at the same depth
        (of a z-stack without time: to the slice before). Saturated: more than 1 % of the pixels have
        the largest possible value.
    largest_saturated_fraction : float
        Over all planes.
    nonfinite_pixels : int
        Over all planes.
    """

    name: str
    color: str | None = None
    missing: tuple[Place, ...] = ()
    blank: tuple[Place, ...] = ()
    duplicated: tuple[Place, ...] = ()
    saturated: tuple[Place, ...] = ()
    nonfinite: tuple[Place, ...] = ()
    unreadable: tuple[Place, ...] = ()
    largest_saturated_fraction: float = 0.0
    nonfinite_pixels: int = 0


@dataclass(frozen=True)
class Inspection:
    """Everything that is to be known about a movie before it is interpolated.

    Attributes
    ----------
    path : str or None
    format : str
    compression : str or None
    scene : int
    scenes : tuple of str
    size : dict
        Lengths of the axes t, c, z, y, x.
    dtype : str
    samples : int
        3 or 4 for RGB(A) pixels.
    significant_bits : int or None
    pixel_size : dict
        z, y, x (None where unknown) and unit.
    times : TimeStatistics
    channels : tuple of ChannelInspection
    inspected_frames : int
        How many of the frames along time (or depth) were looked at.
    can_interpolate : dict
        For 't' and 'z', whether there is a gap to be filled, and all planes looked at can be read.
    verdict : str
        The same in one sentence, with the reason.
    made_by_cafi : dict or None
        Numbers of acquired, interpolated and resampled frames in a movie that cafi wrote.
    assumptions : tuple of str
    """

    path: str | None
    format: str
    compression: str | None
    scene: int
    scenes: tuple[str, ...]
    size: dict[str, int]
    dtype: str
    samples: int
    significant_bits: int | None
    pixel_size: dict[str, float | str | None]
    times: TimeStatistics
    channels: tuple[ChannelInspection, ...]
    inspected_frames: int
    can_interpolate: dict[str, bool]
    verdict: str
    made_by_cafi: dict[str, int] | None
    assumptions: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the same as values that `json.dumps` takes; a plane is {'t': ..., 'c': ..., 'z': ...}."""
        result: dict[str, Any] = _plain(asdict(self))
        return result


def _plain(value: Any) -> Any:
    if isinstance(value, Place):
        return value._asdict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def inspect(movie: Movie, sample: int | None = None, progress: Callable[[int, int], None] | None = None) -> Inspection:
    """Look at every plane of a movie once, one at a time.

    Parameters
    ----------
    movie : Movie
    sample : int, optional
        Look at no more than this many frames, spread evenly (each is compared with the one before it,
        which is read too).
    progress : callable, optional
        Called with the number of planes looked at, and of all that will be.

    Returns
    -------
    Inspection
    """
    header = movie.header
    axis: Axis = "t" if header.size.t > 1 or header.size.z == 1 else "z"
    chosen = _chosen(getattr(header.size, axis), sample)
    channels = _look(movie, axis, chosen, progress or (lambda _done, _total: None))
    unreadable = sum(len(channel.unreadable) for channel in channels)
    can = {"t": header.size.t > 1 and not unreadable, "z": header.size.z > 1 and not unreadable}
    return Inspection(
        path=None if movie.path is None else str(movie.path),
        format=movie.format,
        compression=movie.compression,
        scene=movie.scene,
        scenes=movie.scenes,
        size=header.size._asdict(),
        dtype=str(header.dtype),
        samples=header.samples,
        significant_bits=header.significant_bits,
        pixel_size=asdict(header.pixel_size),
        times=time_statistics(header.times, header.times_from),
        channels=channels,
        inspected_frames=len(chosen),
        can_interpolate=can,
        verdict=_verdict(header, unreadable, empty=_is_empty(header, axis, len(chosen), channels)),
        made_by_cafi=_made_by_cafi(header),
        assumptions=movie.assumptions,
    )


def _chosen(count: int, sample: int | None) -> Sequence[int]:
    if sample is None or sample >= count:
        return range(count)
    return sorted({int(i) for i in np.linspace(0, count - 1, max(sample, 1)).round()})


def _look(
    movie: Movie, axis: Axis, chosen: Sequence[int], progress: Callable[[int, int], None]
) -> tuple[ChannelInspection, ...]:
    """Report on the chosen frames; of earlier ones only the last report for each channel and depth is kept."""
    size = movie.header.size
    across = range(size.z) if axis == "t" else range(size.t)
    total = len(chosen) * size.c * len(across)
    looks = [_ChannelLook() for _ in range(size.c)]
    done = 0
    kept: dict[Place, PlaneReport | None] = {}
    for along in chosen:
        reports: dict[Place, PlaneReport | None] = {}
        for c in range(size.c):
            for other in across:
                place = Place(along, c, other) if axis == "t" else Place(other, c, along)
                earlier = before(place, axis)
                if along and earlier not in kept:
                    kept[earlier] = _report(movie, earlier)
                reports[place] = _report(movie, place)
                looks[c].take(place, reports[place], kept.get(earlier))
                done += 1
                progress(done, total)
        kept = reports
    return tuple(look.result(movie.header, c) for c, look in enumerate(looks))


def _report(movie: Movie, place: Place) -> PlaneReport | None:
    """Return the report on a plane, or None if it cannot be read."""
    try:
        plane = movie.source.read(*place)
    except CafiError:
        return None
    return report_plane(plane, largest_value(movie.header), missing=movie.source.is_missing(*place))


class _ChannelLook:
    """Gathers the faults of one channel."""

    def __init__(self) -> None:
        self.places: dict[str, list[Place]] = {fault: [] for fault in (*FAULTS, "unreadable")}
        self.fraction = 0.0
        self.nonfinite = 0

    def take(self, place: Place, report: PlaneReport | None, earlier: PlaneReport | None) -> None:
        if report is None:
            self.places["unreadable"].append(place)
            return
        for fault in faults_of(report, earlier):
            self.places[fault].append(place)
        self.fraction = max(self.fraction, report.saturated_fraction)
        self.nonfinite += report.nonfinite

    def result(self, header: Header, c: int) -> ChannelInspection:
        channel = header.channels[c] if c < len(header.channels) else Channel()
        return ChannelInspection(
            name=channel.name or str(c),
            color=channel.color,
            largest_saturated_fraction=self.fraction,
            nonfinite_pixels=self.nonfinite,
            **{fault: tuple(places) for fault, places in self.places.items()},
        )


def _is_empty(header: Header, axis: Axis, frames: int, channels: Sequence[ChannelInspection]) -> bool:
    """Whether all planes that were looked at are blank or missing."""
    across = header.size.z if axis == "t" else header.size.t
    return all(len(channel.blank) + len(channel.missing) == frames * across for channel in channels)


def _verdict(header: Header, unreadable: int, *, empty: bool) -> str:
    axes = [f"time ({header.size.t} frames)"] if header.size.t > 1 else []
    axes += [f"depth ({header.size.z} slices)"] if header.size.z > 1 else []
    if not axes:
        return "It cannot be interpolated, as it is a single frame: there is no gap to be filled."
    if unreadable:
        planes = "1 plane" if unreadable == 1 else f"{unreadable} planes"
        return f"It cannot be interpolated, as {planes} cannot be read: {DAMAGED}."
    unknown = header.size.t > 1 and header.times is None
    timing = "; it says no times, so its frames count as evenly spaced" if unknown else ""
    nothing = "; but every frame is blank, so there is nothing in it to predict" if empty else ""
    return f"It can be interpolated along {' and '.join(axes)}{timing}{nothing}."


def _made_by_cafi(header: Header) -> dict[str, int] | None:
    if header.frames is None:
        return None
    return {name: int((header.frames.kind == kind).sum()) for kind, name in enumerate(KIND_NAMES)}
