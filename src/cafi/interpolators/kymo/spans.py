"""One axis of a piece of a frame: what is seen to make it, and what of that is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A piece of an axis.

    Attributes
    ----------
    kept : slice
        Of the whole axis: the piece itself.
    seen : slice
        Of the whole axis: the piece and a margin, as far as there is one.
    """

    kept: slice
    seen: slice

    @property
    def within(self) -> slice:
        """Where in what is seen the piece itself lies."""
        return slice(self.kept.start - self.seen.start, self.kept.stop - self.seen.start)

    @property
    def length(self) -> int:
        """Of the piece itself, in pixels."""
        return self.kept.stop - self.kept.start


def spans(length: int, largest: int, margin: int) -> list[Span]:
    """Cut an axis into pieces of at most ``largest`` pixels, each seen with a margin around it."""
    return [
        Span(
            slice(start, min(length, start + largest)),
            slice(max(0, start - margin), min(length, start + largest + margin)),
        )
        for start in range(0, length, largest)
    ]


def shrunk(place: slice, factor: int) -> slice:
    """The same place on a grid ``factor`` times as coarse."""
    return slice(place.start // factor, place.stop // factor)
