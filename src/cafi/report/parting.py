"""How a movie was parted for fine-tuning, as a bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARTS = ("training", "validation", "test")
GUARD = "guard"


@dataclass(frozen=True)
class Stretch:
    """One piece of a bar.

    Attributes
    ----------
    part : 'training', 'guard', 'validation' or 'test'
    first, last : int
        Frames, rows or columns, from 0; both belong to it.
    """

    part: str
    first: int
    last: int

    @property
    def length(self) -> int:
        """How many it holds."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Parted:
    """A movie and its parts.

    Attributes
    ----------
    movie : str
    along : 'time' or 'space'
    unit : 'frames', 'rows' or 'columns'
    stretches : tuple of Stretch
    """

    movie: str
    along: str
    unit: str
    stretches: tuple[Stretch, ...]

    @property
    def guard(self) -> int:
        """Length of the gaps between parts; 0 if there is none."""
        return min((stretch.length for stretch in self.stretches if stretch.part == GUARD), default=0)


def parted(movie: str, split: Mapping[str, Any]) -> Parted:
    """Describe how a movie was parted.

    Parameters
    ----------
    movie : str
    split : dict
        As the record of fine-tuning holds it: 'along', and for each part 'targets' (first frame, and the one after
        the last) and 'area' (in pixels).
    """
    if split["along"] == "time":
        ends = {part: tuple(split[part]["targets"]) for part in PARTS}
        return Parted(movie, "time", "frames", tuple(_stretches(ends)))
    areas = {part: split[part]["area"] for part in PARTS}
    begin, length, unit = ("top", "height", "rows")
    if len({area["top"] for area in areas.values()}) == 1:
        begin, length, unit = ("left", "width", "columns")
    ends = {part: (area[begin], area[begin] + area[length]) for part, area in areas.items()}
    return Parted(movie, "space", unit, tuple(_stretches(ends)))


def _stretches(ends: Mapping[str, tuple[int, ...]]) -> Iterator[Stretch]:
    at = 0
    for part, (start, stop) in ends.items():
        if start > at:
            yield Stretch(GUARD, at, start - 1)
        yield Stretch(part, start, stop - 1)
        at = stop
