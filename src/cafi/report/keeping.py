"""Keeping frames of a held-out check for its report, while the check runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.quality.heldout import positions
from cafi.quality.metrics.ranges import grey
from cafi.report.footage import Footage, Moment, affordable, moment_label, shrink_for, shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.movie.model import Movie
    from cafi.quality.metrics import Range
    from cafi.quality.results import HeldOut, Target

    Plane = NDArray[np.float16]


@dataclass(frozen=True)
class Keeper:
    """A bounded part of a held-out check's frames, gathered as methods predict them.

    Attributes
    ----------
    movie : Movie
    held_out : HeldOut
        With all targets.
    ranges : dict of int to Range
        Of each channel that is scored.
    frames : tuple of int
        Those that are shown, in order: kept ones and targets.
    z : int
        The depth that is shown: the middle one.
    shrink : int
    planes : dict
        What was gathered: predictions by method, frame and channel, normalised, shape (Y, X).
    widths : dict
        Likewise, of intervals.
    """

    movie: Movie
    held_out: HeldOut
    ranges: dict[int, Range]
    frames: tuple[int, ...]
    z: int
    shrink: int
    planes: dict[tuple[str, int, int], Plane] = field(default_factory=dict)
    widths: dict[tuple[str, int, int], Plane] = field(default_factory=dict)

    def take(self, method: str, target: Target, z: int, channel: int, prediction: NDArray[Any]) -> None:
        """Keep a predicted plane, shape (Y, X), in the movie's unit, if its frame is one of those that are shown."""
        if z == self.z and target.frame in self.frames:
            plane = self._small(self.ranges[channel].normalise(prediction))
            self.planes[method, target.frame, channel] = plane

    def take_width(self, method: str, target: Target, channel: int, width: NDArray[Any]) -> None:
        """Keep upper minus lower end of a plane's interval, shape (Y, X), in the movie's unit."""
        self.widths[method, target.frame, channel] = self._small(width / self.ranges[channel].width)

    def footage(self) -> Footage:
        """Return everything that was kept, with the measured frames at the same moments."""
        targets = {target.frame: target for target in self.held_out.targets}
        times = positions(self.movie)
        unit = "frame" if self.movie.header.times is None else "s"
        moments = tuple(
            _moment(moment_label(float(times[frame]), unit), frame, targets.get(frame), self.held_out.kept)
            for frame in self.frames
        )
        names = self.movie.header.channels
        filled = {
            method: [frame for frame in self.frames if (method, frame, next(iter(self.ranges))) in self.planes]
            for method in dict.fromkeys(method for method, _, _ in self.planes)
        }
        return Footage(
            moments=moments,
            channels=tuple((names[c].name if c < len(names) else None) or f"channel {c}" for c in self.ranges),
            measured=np.stack([self._measured(frame) for frame in self.frames]),
            measured_at=tuple(range(len(self.frames))),
            predicted={method: self._stacked(self.planes, method, frames) for method, frames in filled.items()},
            predicted_at={method: self._places(frames) for method, frames in filled.items()},
            interval={
                method: self._stacked(self.widths, method, frames)
                for method, frames in filled.items()
                if all((method, frame, channel) in self.widths for frame in frames for channel in self.ranges)
            },
            ranges=tuple((scale.low, scale.width) for scale in self.ranges.values()),
            shrink=self.shrink,
            notes=tuple(self._notes()),
        )

    def _places(self, frames: list[int]) -> tuple[int | None, ...]:
        index = {frame: i for i, frame in enumerate(frames)}
        return tuple(index.get(frame) for frame in self.frames)

    def _measured(self, frame: int) -> Plane:
        planes = {c: grey(self.movie.source.read(frame, c, self.z)) for c in self.ranges}
        return np.stack([self._small(self.ranges[c].normalise(plane)) for c, plane in planes.items()])

    def _stacked(self, found: dict[tuple[str, int, int], Plane], method: str, frames: list[int]) -> Plane:
        return np.stack([np.stack([found[method, frame, c] for c in self.ranges]) for frame in frames])

    def _small(self, plane: NDArray[Any]) -> Plane:
        with np.errstate(over="ignore"):
            return np.asarray(shrunk(plane, self.shrink), np.float16)

    def _notes(self) -> list[str]:
        size = self.movie.header.size
        notes = []
        if size.z > 1:
            notes.append(f"Frames are shown at the middle depth, z = {self.z}; scores are of all {size.z} depths.")
        if self.shrink > 1:
            notes.append(f"Frames are shown with one pixel for {self.shrink} x {self.shrink} of the movie.")
        every = len(_shown_frames(self.held_out))
        if len(self.frames) < every:
            notes.append(
                f"Frames {self.frames[0]} to {self.frames[-1]} are shown, {len(self.frames)} of {every};"
                " scores are of all."
            )
        return notes


def start_keeping(movie: Movie, held_out: HeldOut, ranges: dict[int, Range], methods: int) -> Keeper:
    """Decide which frames of a held-out check are kept for its report.

    Parameters
    ----------
    movie : Movie
    held_out : HeldOut
    ranges : dict of int to Range
        Of each channel that is scored.
    methods : int
        How many will predict.

    Returns
    -------
    Keeper
    """
    size = movie.header.size
    shrink = shrink_for(size.y, size.x)
    frames = _shown_frames(held_out)
    pixels = (size.y // shrink) * (size.x // shrink) * len(ranges)
    predictions = methods * len(held_out.targets) / max(len(frames), 1)
    part = affordable(len(frames), pixels * (1 + predictions))
    return Keeper(movie, held_out, ranges, frames[part], size.z // 2, shrink)


def _shown_frames(held_out: HeldOut) -> tuple[int, ...]:
    return tuple(sorted({*held_out.kept, *(target.frame for target in held_out.targets)}))


def _moment(label: str, frame: int, target: Target | None, kept: tuple[int, ...]) -> Moment:
    if target is None:
        return Moment(label, "acquired", f"frame {frame}")
    before, after = kept[target.gap], kept[target.gap + 1]
    return Moment(
        label, "interpolated", f"frame {frame} held out, between frames {before} and {after} (t = {target.t:.2f})"
    )
