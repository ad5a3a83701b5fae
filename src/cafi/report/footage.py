"""The frames that a report shows: measured and predicted ones, moment by moment, kept in one file.

A held-out check keeps a bounded part of its frames in the folder of its results, so that the report can be made
again. Frames are normalised and stored as float16, which is plenty for pictures; scores do not come from them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from zipfile import BadZipFile

import numpy as np

from cafi.errors import CafiError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.frames import Axis

    Frames = NDArray[np.float16]

FOLDER = "frames"
DESCRIPTION, MEASURED, PREDICTED, INTERVAL = "description", "measured", "predicted ", "interval "
MOST_VALUES = 80_000_000  # of all stored frames together: 160 MB before compression
LONGEST_SIDE = 1024  # pixels; larger frames are shrunk by averaging blocks


@dataclass(frozen=True)
class Moment:
    """One time of a movie.

    Attributes
    ----------
    label : str
        The time, with its unit.
    kind : 'acquired', 'interpolated' or 'resampled'
        As a method sees it: a frame that was held out counts as interpolated, and so does a zoomed one between two
        acquired ones. Resampled: at the time of an acquired one, but zoomed.
    place : str
        Which frame it is, or in which gap and where in it.
    """

    label: str
    kind: Literal["acquired", "interpolated", "resampled"]
    place: str


Places = tuple[int | None, ...]


@dataclass(frozen=True)
class Footage:
    """Frames of one movie at the same moments.

    Attributes
    ----------
    moments : tuple of Moment
    channels : tuple of str
    measured : ndarray of float16, shape (N, C, Y, X)
        Measured frames, or resampled ones at their times, normalised: (value - low) / width of the channel, not
        clipped.
    measured_at : tuple of int or None
        For each moment, which of them is the truth; None where nothing was measured.
    predicted : dict of str to ndarray of float16, shape (P, C, Y, X)
        For each method its predictions, normalised alike.
    predicted_at : dict of str to tuple of int or None
        For each method and moment, which of them belongs there.
    interval : dict of str to ndarray of float16, shape (P, C, Y, X)
        Width of the interval (upper minus lower end) of predictions, for methods that have one, normalised by width.
    ranges : tuple of (float, float)
        low and width of each channel, in the movie's unit.
    shrink : int
        Pixels of the movie along each side of a pixel here.
    notes : tuple of str
    axis : 't' or 'z'
        Along which moments lie.
    """

    moments: tuple[Moment, ...]
    channels: tuple[str, ...]
    measured: Frames
    measured_at: Places
    predicted: dict[str, Frames]
    predicted_at: dict[str, Places]
    interval: dict[str, Frames] = field(default_factory=dict)
    ranges: tuple[tuple[float, float], ...] = ()
    shrink: int = 1
    notes: tuple[str, ...] = ()
    axis: Axis = "t"

    @property
    def has_truth(self) -> bool:
        """Whether something was measured at any moment that is shown as interpolated."""
        pairs = zip(self.moments, self.measured_at, strict=True)
        return any(moment.kind == "interpolated" and at is not None for moment, at in pairs)


def moment_label(position: float, unit: str, axis: Axis = "t") -> str:
    """Say when (or how deep) a frame is."""
    if unit == "frame":
        return f"position {position:.4g}"
    return f"{'time' if axis == 't' else 'depth'} {position:.6g} {unit}"


def shrunk(frame: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """Average blocks of ``factor`` x ``factor`` pixels, shape (..., Y, X); what is left at the edges is dropped."""
    height, width = (max(1, side // factor) for side in frame.shape[-2:])
    cut = np.asarray(frame[..., : height * factor, : width * factor], np.float32)
    if factor == 1:
        return cut
    return np.asarray(cut.reshape(*frame.shape[:-2], height, factor, width, factor).mean((-3, -1)), np.float32)


def shrink_for(height: int, width: int) -> int:
    """Return by how much frames are shrunk so that no side is longer than `LONGEST_SIDE`."""
    return min(-(-max(height, width) // LONGEST_SIDE), height, width)


def affordable(moments: int, values_each: float) -> slice:
    """Return which moments are kept: all, or as many from the middle of the movie as there is room for.

    Parameters
    ----------
    moments : int
    values_each : float
        Pixels of everything that is kept for one moment, on average.
    """
    count = min(moments, max(3, int(MOST_VALUES / max(values_each, 1))))
    first = (moments - count) // 2
    return slice(first, first + count)


def write_footage(footage: Footage, path: Path) -> None:
    """Write footage to a file, which appears whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {MEASURED: footage.measured}
    arrays |= {PREDICTED + name: frames for name, frames in footage.predicted.items()}
    arrays |= {INTERVAL + name: frames for name, frames in footage.interval.items()}
    described = {
        "moments": [asdict(moment) for moment in footage.moments],
        "channels": footage.channels,
        "measured_at": footage.measured_at,
        "predicted_at": footage.predicted_at,
        "ranges": footage.ranges,
        "shrink": footage.shrink,
        "notes": footage.notes,
        "axis": footage.axis,
    }
    unfinished = path.with_name(path.name + ".partial")
    with unfinished.open("wb") as file:
        text = np.frombuffer(json.dumps(described).encode(), np.uint8)
        np.savez_compressed(file, allow_pickle=False, **arrays, **{DESCRIPTION: text})
    unfinished.replace(path)


def read_footage(path: Path) -> Footage:
    """Read what `write_footage` wrote.

    Raises
    ------
    CafiError
        If it is damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            described = json.loads(bytes(stored[DESCRIPTION]))
            arrays = {key: stored[key] for key in stored.files if key != DESCRIPTION}
        return Footage(
            moments=tuple(Moment(**moment) for moment in described["moments"]),
            channels=tuple(described["channels"]),
            measured=arrays[MEASURED],
            measured_at=tuple(described["measured_at"]),
            predicted=_named(arrays, PREDICTED),
            predicted_at={name: tuple(at) for name, at in described["predicted_at"].items()},
            interval=_named(arrays, INTERVAL),
            ranges=tuple((low, width) for low, width in described["ranges"]),
            shrink=described["shrink"],
            notes=tuple(described["notes"]),
            axis=described.get("axis", "t"),
        )
    except (OSError, BadZipFile, ValueError, KeyError, TypeError) as error:
        raise CafiError(f"{path} is damaged; remove it, or run `cafi evaluate` again.") from error


def _named(arrays: dict[str, Frames], prefix: str) -> dict[str, Frames]:
    return {key.removeprefix(prefix): frames for key, frames in arrays.items() if key.startswith(prefix)}
