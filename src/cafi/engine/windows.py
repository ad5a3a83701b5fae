"""From a frame table to the work that it means: windows of acquired frames, and the times to predict in them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cafi.engine.normalisation import Normalisation, channels_first
from cafi.movie.frames import ACQUIRED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

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
    """

    raw: NDArray[Any]
    normalised: NDArray[np.float32]
    hole: NDArray[np.bool_] | None


@dataclass(frozen=True)
class Passed:
    """An acquired frame on its way to the output."""

    slot: Slot
    raw: NDArray[Any]


@dataclass(frozen=True)
class Window:
    """The acquired frames around a gap, and one time in it.

    Attributes
    ----------
    slot : Slot
    frames : tuple of AcquiredFrame
        K = 2 * context frames in order; at the movie's ends copies of the end frame.
    frame_times : ndarray of float32, shape (K,)
        0 and 1 at the ends of the gap.
    valid : tuple of bool
        False for copies.
    t : float
    """

    slot: Slot
    frames: tuple[AcquiredFrame, ...]
    frame_times: NDArray[np.float32]
    valid: tuple[bool, ...]
    t: float


class FrameReader:
    """Reads acquired frames along one axis at one fixed place of the other, and keeps the last few."""

    def __init__(
        self, movie: Movie, normalisation: Normalisation, axis: str, keep: int, on_acquired: OnAcquired
    ) -> None:
        self._movie, self._normalisation, self._axis, self._keep = movie, normalisation, axis, keep
        self._on_acquired = on_acquired
        self._frames: OrderedDict[tuple[int, int], AcquiredFrame] = OrderedDict()

    def read(self, stack: int, index: int) -> AcquiredFrame:
        """Return acquired frame ``index`` of a stack (a z for movies along t, a t for movies along z)."""
        key = (stack, index)
        if key not in self._frames:
            self._frames[key] = self._load(*key)
            while len(self._frames) > self._keep:
                self._frames.popitem(last=False)
        self._frames.move_to_end(key)
        return self._frames[key]

    def _load(self, stack: int, index: int) -> AcquiredFrame:
        t, z = place(self._axis, stack, index)
        raw = self._movie.frame(t, z)
        for c, plane in enumerate(raw):
            self._on_acquired((t, c, z), plane)
        planes = channels_first(raw)
        hole = None
        if raw.dtype.kind == "f":
            bad = ~np.isfinite(planes)
            hole = bad if bad.any() else None
            planes = _filled(planes, bad) if hole is not None else planes
        return AcquiredFrame(raw, self._normalisation.apply(planes), hole)


def place(axis: str, stack: int, index: int) -> Slot:
    """Return the (t, z) of entry ``index`` of a stack."""
    return Slot(index, stack) if axis == "t" else Slot(stack, index)


def work(
    movie: Movie,
    table: FrameTable,
    normalisation: Normalisation,
    context: int,
    is_done: Callable[[Slot], bool],
    on_acquired: OnAcquired,
) -> Iterator[Passed | Window]:
    """Yield everything that is still to be written, in order, reading frames as they are needed.

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
    on_acquired : callable
        Called with the place (t, c, z) and the pixels of each plane as it is read.
    """
    size = movie.header.size
    reader = FrameReader(movie, normalisation, table.axis, keep=2 * context + 1, on_acquired=on_acquired)
    for stack in range(size.z if table.axis == "t" else size.t):
        for index in range(len(table)):
            slot = place(table.axis, stack, index)
            if is_done(slot):
                continue
            left = int(table.left[index])
            if table.kind[index] == ACQUIRED:
                yield Passed(slot, reader.read(stack, left).raw)
            else:
                yield _window(reader, table, context, stack, index, slot)


def _window(reader: FrameReader, table: FrameTable, context: int, stack: int, index: int, slot: Slot) -> Window:
    left, last = int(table.left[index]), len(table.source_positions) - 1
    wanted = np.arange(left - context + 1, left + context + 1)
    inside = np.clip(wanted, 0, last)
    start, end = table.source_positions[left], table.source_positions[left + 1]
    return Window(
        slot=slot,
        frames=tuple(reader.read(stack, int(i)) for i in inside),
        frame_times=((table.source_positions[inside] - start) / (end - start)).astype(np.float32),
        valid=tuple(bool(v) for v in wanted == inside),
        t=float(table.fraction[index]),
    )


def _filled(planes: NDArray[Any], bad: NDArray[np.bool_]) -> NDArray[Any]:
    """Put each channel's mean of finite pixels where pixels are not finite."""
    means = [p[~b].mean(dtype=np.float64) if not b.all() else 0.0 for p, b in zip(planes, bad, strict=True)]
    return np.where(bad, np.asarray(means, planes.dtype)[:, None, None], planes)
