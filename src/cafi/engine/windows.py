"""From a frame table to the work that it means: windows of acquired frames, and the times to predict in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cafi.engine.breaks import NEIGHBOURS, Breaks
from cafi.engine.hot_pixels import filled
from cafi.engine.likeness import small_copy
from cafi.engine.noise import high_pass_noise
from cafi.engine.normalisation import Normalisation, channels_first
from cafi.movie.frames import ACQUIRED, RESAMPLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from cafi.engine.breaks import Break
    from cafi.engine.hot_pixels import HotPixels
    from cafi.engine.likeness import SmallCopy
    from cafi.movie.frames import FrameTable
    from cafi.movie.model import Movie

    OnAcquired = Callable[[tuple[int, int, int], NDArray[Any]], None]


class Slot(NamedTuple):
    """A place (t, z) in the output movie."""

    t: int
    z: int


@dataclass(frozen=True)
class AcquiredFrame:
    """A measured frame, as it is and as interpolators see it.

    Attributes
    ----------
    raw : ndarray, shape (C, Y, X) or (C, Y, X, S)
        In the movie's dtype.
    normalised : ndarray of float32, shape (C * S, Y, X)
        Finite everywhere.
    hole : ndarray of bool, shape (C * S, Y, X), or None
        Where ``raw`` is NaN or infinite; None if nowhere.
    hot : HotPixels, optional
        What was measured where ``normalised`` shows the neighbours of a hot pixel in its place.
    """

    raw: NDArray[Any]
    normalised: NDArray[np.float32]
    hole: NDArray[np.bool_] | None
    hot: HotPixels | None = None

    @cached_property
    def small(self) -> SmallCopy:
        """The frame as breaks are recognised on."""
        return small_copy(self.normalised)

    @cached_property
    def noise(self) -> NDArray[np.float64]:
        """High-pass noise of each plane, shape (C * S,)."""
        return high_pass_noise(self.normalised)


@dataclass(frozen=True)
class Passed:
    """An acquired frame on its way to the output, at its own place or as a copy inside a broken gap."""

    slot: Slot
    raw: NDArray[Any]


@dataclass(frozen=True)
class Window:
    """The acquired frames around a gap, and one time in it.

    Attributes
    ----------
    slot : Slot
    frames : tuple of AcquiredFrame
        K = 2 * context frames in order; at the movie's ends, and at breaks, copies of the end frame.
    frame_times : ndarray of float32, shape (K,)
        0 and 1 at the ends of the gap.
    valid : tuple of bool
        False for copies.
    t : float
        In (0, 1); 0 or 1 for the reconstruction of an end itself.
    """

    slot: Slot
    frames: tuple[AcquiredFrame, ...]
    frame_times: NDArray[np.float32]
    valid: tuple[bool, ...]
    t: float

    @property
    def ends(self) -> tuple[AcquiredFrame, AcquiredFrame]:
        """The acquired frames before and after the gap."""
        middle = len(self.frames) // 2
        return self.frames[middle - 1], self.frames[middle]

    @property
    def shown(self) -> tuple[AcquiredFrame, ...]:
        """Those ends of which something is in the prediction."""
        return self.ends if 0 < self.t < 1 else (self.ends[round(self.t)],)


class FrameReader:
    """Reads acquired frames along one axis at one fixed place of the other, and keeps the highest few."""

    def __init__(
        self, movie: Movie, normalisation: Normalisation, axis: str, keep: int, on_acquired: OnAcquired | None
    ) -> None:
        self._movie, self._normalisation, self._axis, self._keep = movie, normalisation, axis, keep
        self._on_acquired = on_acquired
        self._frames: dict[tuple[int, int], AcquiredFrame] = {}

    def again(self, keep: int) -> FrameReader:
        """Return another reader of the same movie, which keeps frames of its own."""
        return FrameReader(self._movie, self._normalisation, self._axis, keep, self._on_acquired)

    def read(self, stack: int, index: int) -> AcquiredFrame:
        """Return acquired frame ``index`` of a stack (a z for movies along t, a t for movies along z)."""
        key = (stack, index)
        if key in self._frames:
            return self._frames[key]
        frame = self._frames[key] = self._load(*key)
        if len(self._frames) > self._keep:
            # The walk goes upwards: the lowest is not needed again.
            del self._frames[min(self._frames)]
        return frame

    def _load(self, stack: int, index: int) -> AcquiredFrame:
        t, z = place(self._axis, stack, index)
        raw = self._movie.frame(t, z)
        for c, plane in enumerate(raw):
            if self._on_acquired is not None:
                self._on_acquired((t, c, z), plane)
        planes = channels_first(raw)
        hole = None
        if raw.dtype.kind == "f":
            bad = ~np.isfinite(planes)
            hole = bad if bad.any() else None
            planes = _filled(planes, bad) if hole is not None else planes
        normalised = self._normalisation.apply(planes)
        if self._normalisation.hot is None:
            return AcquiredFrame(raw, normalised, hole)
        calm, hot = filled(normalised, self._normalisation.hot)
        return AcquiredFrame(raw, calm, hole, hot)


def place(axis: str, stack: int, index: int) -> Slot:
    """Return the (t, z) of entry ``index`` of a stack."""
    return Slot(index, stack) if axis == "t" else Slot(stack, index)


def work(
    movie: Movie,
    table: FrameTable,
    normalisation: Normalisation,
    context: int,
    is_done: Callable[[Slot], bool],
    on_acquired: OnAcquired | None = None,
    on_break: Callable[[Break], None] | None = None,
) -> Iterator[Passed | Window]:
    """Yield everything that is still to be written, in order, reading frames as they are needed.

    Inside a cut or a stage jump the nearest acquired frame that is not blank is passed as a copy, and a window beside
    one ends there as at the end of the movie, so that no method ever sees both sides.

    Parameters
    ----------
    movie : Movie
    table : FrameTable
        Of the output.
    normalisation : Normalisation
    context : int
        Of the interpolator.
    is_done : callable
        Whether a slot was written by an earlier, interrupted run.
    on_acquired : callable, optional
        Called with the place (t, c, z) and the pixels of each plane as it is read.
    on_break : callable, optional
        Called with each break, before the first frame that it concerns is yielded.
    """
    size = movie.header.size
    # Breaks are looked for ahead of the window.
    keep = 2 * context + NEIGHBOURS + 1
    reader = FrameReader(movie, normalisation, table.axis, keep, on_acquired)
    breaks = _breaks(movie, table, reader, on_break)
    for stack in range(size.z if table.axis == "t" else size.t):
        for index in range(len(table)):
            slot = place(table.axis, stack, index)
            if is_done(slot):
                continue
            left = int(table.left[index])
            if table.kind[index] == ACQUIRED:
                yield Passed(slot, reader.read(stack, left).raw)
            elif table.kind[index] == RESAMPLED:
                gap, t, scene = _resampled(table, index, context, breaks)
                yield _window(reader, table, context, stack, slot, gap, t, scene)
            elif breaks is not None and breaks.at(left) is not None:
                yield Passed(slot, reader.read(stack, breaks.copied(left, float(table.fraction[index]))).raw)
            else:
                t = float(table.fraction[index])
                yield _window(reader, table, context, stack, slot, left, t, _scene(table, left, context, breaks))


def _breaks(
    movie: Movie, table: FrameTable, reader: FrameReader, tell: Callable[[Break], None] | None
) -> Breaks | None:
    """Look for breaks along time, in the middle plane of a stack, on behalf of all.

    Not along depth: neighbouring planes of a coarse stack may differ as much as two scenes.
    """
    if table.axis != "t":
        return None
    middle = movie.header.size.z // 2
    # In a stack the other planes must not push the middle one out of what is kept.
    scout = reader if middle == 0 else reader.again(keep=2)
    return Breaks(len(table.source_positions) - 1, lambda index: scout.read(middle, index).small, tell)


def _scene(table: FrameTable, gap: int, context: int, breaks: Breaks | None) -> tuple[int, int]:
    return breaks.scene(gap, context) if breaks is not None else (0, len(table.source_positions) - 1)


def _resampled(
    table: FrameTable, index: int, context: int, breaks: Breaks | None
) -> tuple[int, float, tuple[int, int]]:
    """Return from which gap, and from where in it, a resampled frame is made, and the scene that it may see.

    An acquired frame is made anew from the gap before it, as the published Zooming SlowMo does. In a broken gap the
    nearest acquired frame that is not blank is; one that stands alone between two breaks is seen alone.
    """
    left, fraction = int(table.left[index]), float(table.fraction[index])

    def is_whole(gap: int) -> bool:
        return 0 <= gap < len(table.source_positions) - 1 and (breaks is None or breaks.at(gap) is None)

    if fraction > 0 and is_whole(left):
        return left, fraction, _scene(table, left, context, breaks)
    nearest = breaks.copied(left, fraction) if fraction > 0 and breaks is not None else left
    for gap, end in ((nearest - 1, 1.0), (nearest, 0.0)):
        if is_whole(gap):
            return gap, end, _scene(table, gap, context, breaks)
    return max(nearest - 1, 0), float(nearest > 0), (nearest, nearest)


def _window(
    reader: FrameReader,
    table: FrameTable,
    context: int,
    stack: int,
    slot: Slot,
    left: int,
    t: float,
    scene: tuple[int, int],
) -> Window:
    wanted = np.arange(left - context + 1, left + context + 1)
    inside = np.clip(wanted, *scene)
    start, end = table.source_positions[left], table.source_positions[left + 1]
    return Window(
        slot=slot,
        frames=tuple(reader.read(stack, int(i)) for i in inside),
        frame_times=((table.source_positions[inside] - start) / (end - start)).astype(np.float32),
        valid=tuple(bool(v) for v in wanted == inside),
        t=t,
    )


def _filled(planes: NDArray[Any], bad: NDArray[np.bool_]) -> NDArray[Any]:
    """Put each channel's mean of finite pixels where pixels are not finite."""
    means = [p[~b].mean(dtype=np.float64) if not b.all() else 0.0 for p, b in zip(planes, bad, strict=True)]
    return np.where(bad, np.asarray(means, planes.dtype)[:, None, None], planes)
