"""What is wrong with the frames of a movie: blank, duplicated, saturated, missing ones, and irregular times."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cafi.errors import CafiError
from cafi.movie.frames import INTERPOLATED
from cafi.movie.timing import TimeStatistics, time_statistics
from cafi.movie.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from cafi.movie.frames import Axis, FrameTable
    from cafi.movie.model import Header, Movie

SATURATED_FROM = 0.01
"""A frame is called saturated when more than this fraction of its pixels has the largest possible value."""


class Place(NamedTuple):
    """Where a plane lies in a movie."""

    t: int
    c: int
    z: int


@dataclass(frozen=True, slots=True)
class PlaneReport:
    """What one plane looks like.

    Attributes
    ----------
    blank : bool
        All pixels have the same value (or none is finite).
    saturated_fraction : float
        Fraction of the pixels of which a sample has the largest possible value.
    nonfinite : int
        Number of NaN and infinite values.
    digest : str
        Hash of the pixels; equal for bit-identical planes.
    missing : bool
        The file holds no data for this plane.
    """

    blank: bool
    saturated_fraction: float
    nonfinite: int
    digest: str
    missing: bool = False

    @property
    def saturated(self) -> bool:
        """Whether more than 1 % of the pixels have the largest possible value."""
        return self.saturated_fraction > SATURATED_FROM


def largest_value(header: Header) -> int | None:
    """Return the largest value that a pixel can have, by significant bits or else dtype; None for floats."""
    if header.dtype.kind not in "iu":
        return None
    largest = int(np.iinfo(header.dtype).max)
    if header.significant_bits is None:
        return largest
    return min(largest, 2**header.significant_bits - 1)


def report_plane(plane: NDArray[Any], maximum: float | None, *, missing: bool = False) -> PlaneReport:
    """Look at one plane.

    Parameters
    ----------
    plane : ndarray, shape (Y, X) or (Y, X, S)
        In the movie's own dtype.
    maximum : float or None
        From `largest_value`.
    missing : bool
        What `PlaneSource.is_missing` says.

    Returns
    -------
    PlaneReport
    """
    saturated = np.zeros(1, bool) if maximum is None else plane >= maximum
    if saturated.ndim == 3:
        saturated = saturated.any(axis=2)
    nonfinite = 0 if plane.dtype.kind in "iu" else int(plane.size - np.count_nonzero(np.isfinite(plane)))
    same = bool((plane == plane.flat[0]).all()) or nonfinite == plane.size
    return PlaneReport(
        blank=same,
        saturated_fraction=float(np.count_nonzero(saturated) / saturated.size),
        nonfinite=nonfinite,
        digest=hashlib.blake2b(np.ascontiguousarray(plane), digest_size=16).hexdigest(),
        missing=missing,
    )


FAULTS = ("missing", "blank", "duplicated", "saturated", "nonfinite")


def faults_of(report: PlaneReport, before: PlaneReport | None) -> tuple[str, ...]:
    """Name what is wrong with a plane, given the one before it of the same channel.

    A missing plane is not called blank too, and neither is called duplicated.
    """
    if report.missing:
        return ("missing",)
    if report.blank:
        return ("blank",)
    faults = ["duplicated"] if before is not None and before.digest == report.digest else []
    faults += ["saturated"] if report.saturated else []
    faults += ["nonfinite"] if report.nonfinite else []
    return tuple(faults)


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
        (of a z-stack without time: to the plane below). Saturated: see `SATURATED_FROM`.
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
        For 't' and 'z', whether there is a gap to be filled.
    verdict : str
        The same in one sentence, with the reason.
    made_by_cafi : dict or None
        Numbers of acquired and interpolated frames in a movie that cafi wrote.
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


def inspect(
    movie: Movie, sample: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Inspection:
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
    can = {"t": header.size.t > 1, "z": header.size.z > 1}
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
        verdict=_verdict(header),
        made_by_cafi=_made_by_cafi(header),
        assumptions=movie.assumptions,
    )


def _chosen(count: int, sample: int | None) -> list[int]:
    if sample is None or sample >= count:
        return list(range(count))
    return sorted({int(i) for i in np.linspace(0, count - 1, max(sample, 1)).round()})


def _look(
    movie: Movie, axis: Axis, chosen: Sequence[int], progress: Callable[[int, int], None]
) -> tuple[ChannelInspection, ...]:
    """Report on the chosen frames, channel by channel, keeping one earlier plane's report for each depth."""
    size = movie.header.size
    across = range(size.z) if axis == "t" else range(size.t)
    total = len(chosen) * size.c * len(across)
    looks = [_ChannelLook() for _ in range(size.c)]
    done = 0
    last: dict[tuple[int, int], tuple[int, PlaneReport | None]] = {}
    for along in chosen:
        for c in range(size.c):
            for other in across:
                index, before = last.get((c, other), (-1, None))
                if along and index != along - 1:
                    before = _report(movie, _place(axis, along - 1, c, other))
                place = _place(axis, along, c, other)
                report = _report(movie, place)
                looks[c].take(place, report, before)
                last[c, other] = (along, report)
                done += 1
                progress(done, total)
    return tuple(look.result(_name(movie.header, c), _color(movie.header, c)) for c, look in enumerate(looks))


def _place(axis: Axis, along: int, c: int, other: int) -> Place:
    return Place(along, c, other) if axis == "t" else Place(other, c, along)


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

    def take(self, place: Place, report: PlaneReport | None, before: PlaneReport | None) -> None:
        if report is None:
            self.places["unreadable"].append(place)
            return
        for fault in faults_of(report, before):
            self.places[fault].append(place)
        self.fraction = max(self.fraction, report.saturated_fraction)
        self.nonfinite += report.nonfinite

    def result(self, name: str, color: str | None) -> ChannelInspection:
        places = {fault: tuple(found) for fault, found in self.places.items()}
        return ChannelInspection(
            name, color, **places, largest_saturated_fraction=self.fraction, nonfinite_pixels=self.nonfinite
        )
