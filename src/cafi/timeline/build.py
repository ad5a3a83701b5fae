"""From acquired times and a wish to the frame table of the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cafi.errors import CafiError
from cafi.movie.frames import ACQUIRED, INTERPOLATED, FrameTable
from cafi.movie.timing import LONG_GAP
from cafi.movie.units import parse_quantity
from cafi.timeline.options import DEFAULT_FACTOR, TimelineOptions
from cafi.timeline.wishes import every_step, factor_steps, read_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

SNAP = 0.05  # of the local gap: closer to an acquired frame than this, that frame is taken


def build(
    positions: NDArray[np.float64] | None, count: int, unit: str, options: TimelineOptions
) -> tuple[FrameTable, tuple[str, ...]]:
    """Decide every frame of the output movie.

    Parameters
    ----------
    positions : ndarray of float64, shape (M,), or None
        Time (or depth) of every acquired frame, strictly increasing; None where the file does not
        say, and frames then count as equally spaced.
    count : int
        How many acquired frames there are (M).
    unit : str
        Of the positions: 's', 'µm' or another length, or 'frame'.
    options : TimelineOptions

    Returns
    -------
    FrameTable
    tuple of str
        What the user should know: frames left out, gaps left open.

    Raises
    ------
    CafiError
        If there are fewer than two frames, or the wish does not fit the movie.
    """
    if count < 2:
        what = "time" if options.axis == "t" else "depth"
        raise CafiError(f"The movie has {count} frame along {what}; at least two are needed to predict between them.")
    acquired = np.arange(count, dtype=np.float64) if positions is None else np.asarray(positions, np.float64)
    unit = "frame" if positions is None else unit
    left, fraction, wanted = _wish(acquired, unit, options)
    kept = np.unique(left[fraction == 0])
    if options.keep_acquired:
        kept = np.arange(count)
    inside = fraction > 0
    fillable, messages = _fillable(acquired, unit, options)
    inside &= fillable[np.minimum(left, count - 2)]
    table = _table(acquired, unit, options, kept, left[inside], fraction[inside], wanted[inside])
    return table, (*messages, *_left_out_message(table))


def _wish(
    acquired: NDArray[np.float64], unit: str, options: TimelineOptions
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return gap, fraction and position of every wanted frame; fraction 0 means the acquired frame itself."""
    if options.every is not None:
        return _located(acquired, every_step(acquired, unit, options.every))
    if options.times is not None:
        return _located(acquired, read_times(options.times, acquired, unit))
    return factor_steps(acquired, options.factor or DEFAULT_FACTOR)


def _located(
    acquired: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Find the gap of each position; one close to an acquired frame takes that frame, at its true time."""
    left = np.clip(np.searchsorted(acquired, wanted, side="right") - 1, 0, len(acquired) - 2)
    fraction = (wanted - acquired[left]) / (acquired[left + 1] - acquired[left])
    near_end = fraction > 1 - SNAP
    near = near_end | (fraction < SNAP)
    left = np.where(near_end, left + 1, left)
    return left, np.where(near, 0.0, fraction), np.where(near, acquired[left], wanted)


def _fillable(
    acquired: NDArray[np.float64], unit: str, options: TimelineOptions
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return for each gap whether it may be filled, and a message about those that may not."""
    gaps = np.diff(acquired)
    limit = _limit(gaps, unit, options)
    fillable = gaps <= limit * (1 + 1e-9)
    if fillable.all():
        return fillable, ()
    still_open = np.flatnonzero(~fillable)
    shown = ", ".join(str(i) for i in still_open[:8]) + (", ..." if len(still_open) > 8 else "")
    subject = "1 gap" if len(still_open) == 1 else f"{len(still_open)} gaps"
    return fillable, (
        f"{subject} longer than {limit:.6g} {unit} not filled (after acquired frame {shown}; the longest is"
        f" {gaps.max():.6g} {unit}); --max-gap none fills all.",
    )


def _limit(gaps: NDArray[np.float64], unit: str, options: TimelineOptions) -> float:
    if options.max_gap is None:
        return LONG_GAP * float(np.median(gaps))
    if options.max_gap.strip().lower() in ("none", "inf"):
        return float("inf")
    quantity = parse_quantity(options.max_gap)
    if quantity.unit == "frame":
        return quantity.value * float(np.median(gaps))
    if quantity.unit != unit:
        raise CafiError(f"--max-gap {options.max_gap} does not fit this movie, whose positions are in {unit}.")
    return quantity.value


def _table(
    acquired: NDArray[np.float64],
    unit: str,
    options: TimelineOptions,
    kept: NDArray[np.int64],
    left: NDArray[np.int64],
    fraction: NDArray[np.float64],
    wanted: NDArray[np.float64],
) -> FrameTable:
    positions = np.concatenate([acquired[kept], wanted])
    order = np.argsort(positions, kind="stable")
    kind = np.concatenate([np.full(len(kept), ACQUIRED), np.full(len(left), INTERPOLATED)])
    return FrameTable(
        axis=options.axis,
        unit=unit,
        positions=positions[order],
        kind=kind[order].astype(np.uint8),
        left=np.concatenate([kept, left])[order].astype(np.int64),
        fraction=np.concatenate([np.zeros(len(kept)), fraction])[order],
        source_positions=acquired,
    )


def _left_out_message(table: FrameTable) -> tuple[str, ...]:
    missing = len(table.left_out)
    if not missing:
        return ()
    return (
        f"{missing} of {len(table.source_positions)} acquired frames are not on the timeline and are left out;"
        " the frame table lists them, and --keep-acquired adds them.",
    )
