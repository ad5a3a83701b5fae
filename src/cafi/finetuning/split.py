"""Which part of a movie teaches, which decides when to stop, and which is scored once in the end.

Never by neighbouring frames, which show nearly the same: by blocks of time with a gap of frames between them that
teach nothing; in movies too short for that, by strips of the field with a gap of pixels between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cafi.errors import CafiError

LEAST_FRAMES = 5  # of a movie: fewer hold no frame out whose neighbours have neighbours
TIME_FRAMES = 20  # from here on blocks of time are long enough
SHARE = 0.2  # of the frames, or of the longer side, that validation and test get each
LEAST_BLOCK = 4  # frames of such a block
GUARD_FRAMES = 2
GUARD_PIXELS = 32
LEAST_STRIP = 32  # pixels


@dataclass(frozen=True)
class Area:
    """A rectangle of the field, in pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def rows(self) -> slice:
        """The rows that it spans."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """The columns that it spans."""
        return slice(self.left, self.left + self.width)


@dataclass(frozen=True)
class Part:
    """A part of a movie.

    Attributes
    ----------
    seen : range
        Frames that a network may be shown.
    targets : range
        Those among them that it is asked for.
    area : Area
        Of the field. Only training is confined to it; where a network is scored, it is shown the whole field, and
        this is what counts.
    """

    seen: range
    targets: range
    area: Area


@dataclass(frozen=True)
class Split:
    """The three parts of a movie.

    Attributes
    ----------
    along : 'time' or 'space'
    training, validation, test : Part
    """

    along: Literal["time", "space"]
    training: Part
    validation: Part
    test: Part


def split(frames: int, height: int, width: int) -> Split:
    """Part a movie.

    Parameters
    ----------
    frames : int
        That it has.
    height, width : int
        Of its field, in pixels.

    Raises
    ------
    CafiError
        If it is too short, or short and small; the sentence begins with a verb: 'has 4 frames ...'.
    """
    if frames < LEAST_FRAMES:
        raise CafiError(f"has {frames} frames along time, too few to learn from: it takes {LEAST_FRAMES}.")
    if frames >= TIME_FRAMES:
        return _by_time(frames, Area(0, 0, height, width))
    if max(height, width) < 4 * LEAST_STRIP + 2 * GUARD_PIXELS:
        raise CafiError(
            f"has {frames} frames of {height} x {width} pixels, too little to keep a part of it back: it takes"
            f" {TIME_FRAMES} frames, or {4 * LEAST_STRIP + 2 * GUARD_PIXELS} pixels in one side."
        )
    return _by_space(frames, height, width)


def _by_time(frames: int, field: Area) -> Split:
    """First training, then validation, then test; the frames between them may be seen by the later ones."""
    block = max(LEAST_BLOCK, round(SHARE * frames))
    test = frames - block
    validation = test - GUARD_FRAMES - block
    training = validation - GUARD_FRAMES
    return Split(
        "time",
        Part(range(training), range(training), field),
        Part(range(training, test), range(validation, validation + block), field),
        Part(range(test - GUARD_FRAMES, frames), range(test, frames), field),
    )


def _by_space(frames: int, height: int, width: int) -> Split:
    """Strips across the longer side."""
    side = max(height, width)
    strip = max(LEAST_STRIP, round(SHARE * side))
    test = side - strip
    validation = test - GUARD_PIXELS - strip
    training = validation - GUARD_PIXELS
    everything = range(frames)

    def part(begin: int, length: int) -> Part:
        area = Area(begin, 0, length, width) if side == height else Area(0, begin, height, length)
        return Part(everything, everything, area)

    return Split("space", part(0, training), part(validation, strip), part(test, strip))
