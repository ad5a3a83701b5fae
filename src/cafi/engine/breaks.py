"""Cuts and stage jumps: gaps across which a movie must not be interpolated.

A gap is judged by how alike its two ends are, compared with its neighbouring gaps, so that what is fast
everywhere in a movie is never taken for a break.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cafi.engine.likeness import BLANK, compare
from cafi.movie.gap_warnings import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cafi.engine.likeness import Likeness, SmallCopy
    from cafi.movie.frames import FrameTable

NEIGHBOURS = 2  # gaps on each side that a gap is compared with

# Measured on twelve real movies at strides 1 to 4, none of whose gaps may count as a break.
FAR_LESS = 0.5  # of the neighbours' similarity: a cut below it even after the best shift, a jump above it
LESS = 0.6  # of the neighbours' similarity without a shift, and of one's own after it: a jump below both
UNLIKE = 0.4  # similarity above which nothing is called a cut
HOLDS_TOGETHER = 0.4  # similarity that the neighbours need, for a comparison with them to mean something
LARGE_SHIFT = 0.08  # of the frame's side
LARGER = 3.0  # times the neighbours' shift
SMALL_TRAVEL = 0.2  # of the frame's side: beyond it, the content of neighbouring gaps leaves the field by itself

# Two frames alone have no neighbours: only the unmistakable counts.
NOTHING_IN_COMMON = 0.1
UNMISTAKABLE_SHIFT = 0.15
UNMISTAKABLE = 0.8
SHARP = 0.6  # the second peak, at most, as a fraction of the first

Kind = Literal["cut", "jump"]


@dataclass(frozen=True)
class Break:
    """A gap that is not interpolated.

    Attributes
    ----------
    gap : int
        Index of the acquired frame before it.
    kind : 'cut' or 'jump'
        Another scene (or a blank frame), or the same scene after a sudden shift of the whole field.
    shift : tuple of float, or None
        Of a jump: how far the content moved from the frame before to the frame after, (y, x) in pixels.
    """

    gap: int
    kind: Kind
    shift: tuple[float, float] | None = None


def from_dict(record: dict[str, Any]) -> Break:
    """Undo `dataclasses.asdict`, also after a way through JSON."""
    shift = record["shift"]
    return Break(record["gap"], record["kind"], None if shift is None else (shift[0], shift[1]))


def judge(gap: int, own: Likeness, before: Sequence[Likeness], after: Sequence[Likeness]) -> Break | None:
    """Decide whether a gap is a cut, a stage jump, or neither.

    Parameters
    ----------
    gap : int
    own : Likeness
        Of the two ends of the gap.
    before, after : sequence of Likeness
        Of up to two neighbouring gaps on each side; empty at the movie's ends.

    Returns
    -------
    Break or None
    """
    if own is BLANK:
        return Break(gap, "cut")
    # A single neighbour at the movie's end may be a break itself; it tells only where there is nothing better.
    sides = [side for side in (before, after) if len(side) == NEIGHBOURS] or [s for s in (before, after) if s]
    if not sides:
        return _judge_alone(gap, own)
    # The scenes on both sides must hold together; the better gap of each side tells, the other may be a break too.
    usual = min(max(_steady(likeness) for likeness in side) for side in sides)
    if usual < HOLDS_TOGETHER:
        return None
    if own.best < min(UNLIKE, FAR_LESS * usual):
        return Break(gap, "cut")
    usual_shift = max((near.travel for near in (*before, *after) if near.travel < SMALL_TRAVEL), default=0.0)
    usual_still = min(max(likeness.still for likeness in side) for side in sides)
    large = own.travel > max(LARGE_SHIFT, LARGER * usual_shift)
    if large and own.best > FAR_LESS * usual and own.still < LESS * min(usual_still, own.best):
        return _jump(gap, own)
    return None


def _judge_alone(gap: int, own: Likeness) -> Break | None:
    if not own.telling:
        return None
    if own.best < NOTHING_IN_COMMON:
        return Break(gap, "cut")
    sharp = own.best > UNMISTAKABLE and own.rival < SHARP * own.best
    if sharp and own.travel > UNMISTAKABLE_SHIFT and own.still < FAR_LESS * own.best:
        return _jump(gap, own)
    return None


def _steady(likeness: Likeness) -> float:
    """Similarity of a gap whose content stays in the field; else how alike its ends are as they lie."""
    return likeness.best if likeness.travel < SMALL_TRAVEL else likeness.still


def _jump(gap: int, own: Likeness) -> Break:
    return Break(gap, "jump", (round(own.shift[0], 1), round(own.shift[1], 1)))


class Breaks:
    """Decides gap after gap, when asked, and remembers one small record for each.

    Parameters
    ----------
    count : int
        Gaps in the movie.
    copy_of : callable
        Returns the small copy of an acquired frame by its index.
    tell : callable, optional
        Called with each break once, when it is found.
    """

    def __init__(
        self, count: int, copy_of: Callable[[int], SmallCopy], tell: Callable[[Break], None] | None = None
    ) -> None:
        self._count, self._copy_of, self._tell = count, copy_of, tell
        self._likeness: dict[int, Likeness] = {}
        self._blank_end: dict[int, int] = {}
        self._breaks: dict[int, Break | None] = {}

    def at(self, gap: int) -> Break | None:
        """Return the break at a gap, or None; depends on the acquired frames around it alone."""
        if gap not in self._breaks:
            near = {i: self._of(i) for i in range(gap - NEIGHBOURS, gap + NEIGHBOURS + 1) if 0 <= i < self._count}
            before = [near[i] for i in sorted(near) if i < gap]
            after = [near[i] for i in sorted(near) if i > gap]
            found = self._breaks[gap] = judge(gap, near[gap], before, after)
            if found is not None and self._tell is not None:
                self._tell(found)
        return self._breaks[gap]

    def copied(self, gap: int, fraction: float) -> int:
        """Return the acquired frame of which a copy stands in a broken gap: the nearest one, but never a blank one."""
        self.at(gap)
        ends = [end for end in (gap, gap + 1) if end != self._blank_end.get(gap)]
        return ends[0] if fraction <= 0.5 else ends[-1]

    def scene(self, gap: int, context: int) -> tuple[int, int]:
        """Return the first and last acquired frame, at most ``context`` from a gap, that no break cuts off."""
        first, last = gap, gap + 1
        while first > max(0, gap - context + 1) and self.at(first - 1) is None:
            first -= 1
        while last < min(self._count, gap + context) and self.at(last) is None:
            last += 1
        return first, last

    def _of(self, gap: int) -> Likeness:
        if gap not in self._likeness:
            first, second = self._copy_of(gap), self._copy_of(gap + 1)
            found = self._likeness[gap] = compare(first, second)
            if found is BLANK:
                self._blank_end[gap] = gap if first.flat else gap + 1
        return self._likeness[gap]


def sentences(breaks: Sequence[Break], table: FrameTable) -> tuple[str, ...]:
    """Say for the broken gaps that hold predicted frames of the output what was done there; of all cuts in one."""
    copies = Counter(table.left[table.between].tolist())
    cuts = [found.gap for found in breaks if found.shift is None and copies[found.gap]]
    jumps = [found for found in breaks if found.shift is not None and copies[found.gap]]
    told = [_sentence(_cut(cuts), sum(copies[gap] for gap in cuts))] if cuts else []
    return (*told, *(_sentence(_jumped(found), copies[found.gap]) for found in jumps))


def broken_gaps(breaks: Sequence[Break], table: FrameTable) -> int:
    """Count the broken gaps that hold predicted frames of the output."""
    return len({found.gap for found in breaks} & set(table.left[table.between].tolist()))


def _cut(gaps: Sequence[int]) -> str:
    if len(gaps) == 1:
        return f"The movie is cut between acquired frames {gaps[0]} and {gaps[0] + 1}"
    return f"The movie is cut in {len(gaps)} gaps (after acquired frames {listed(gaps)})"


def _jumped(found: Break) -> str:
    y, x = found.shift or (0.0, 0.0)
    between = f"between acquired frames {found.gap} and {found.gap + 1}"
    return f"The stage jumped {between} (by {y:.0f} px in y and {x:.0f} px in x)"


def _sentence(what: str, copies: int) -> str:
    frames = "the predicted frame there is a copy" if copies == 1 else f"the {copies} predicted frames there are copies"
    return f"{what}: {frames} of the nearest acquired one that is not blank, not interpolated."
