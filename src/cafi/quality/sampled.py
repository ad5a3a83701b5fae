"""A few held-out frames, spread over a movie: which, and the windows from which they are predicted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cafi.engine.normalisation import channels_first
from cafi.engine.windows import Window, work
from cafi.quality.heldout import target_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cafi.engine.normalisation import Normalisation
    from cafi.engine.windows import Slot
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Movie
    from cafi.quality.results import HeldOut


def chosen_gaps(held_out: HeldOut, most: int) -> HeldOut:
    """Keep one target in each of at most ``most`` gaps, spread evenly over the movie."""
    gaps = held_out.gaps
    picked = {gaps[round(i)] for i in np.linspace(0, len(gaps) - 1, min(most, len(gaps)))} if gaps else set()
    middles: dict[int, int] = {}
    for i, target in enumerate(held_out.targets):
        best = middles.get(target.gap)
        if target.gap in picked and (best is None or abs(target.t - 0.5) < abs(held_out.targets[best].t - 0.5)):
            middles[target.gap] = i
    return replace(held_out, targets=tuple(held_out.targets[i] for i in sorted(middles.values())))


def held_out_windows(
    interpolator: Interpolator,
    movie: Movie,
    seen: Movie,
    held_out: HeldOut,
    normalisation: Normalisation,
    wanted: set[int],
) -> Iterator[tuple[Window, NDArray[np.generic]]]:
    """Yield what a method sees of held-out frames, and these frames as measured.

    Parameters
    ----------
    interpolator : Interpolator
    movie : Movie
        All of it.
    seen : Movie
        `kept_movie` of it.
    held_out : HeldOut
        Of a stack one depth is taken for each target, in turn.
    normalisation : Normalisation
    wanted : set of int
        Indices of targets; those taken out of it on the way are passed over.

    Yields
    ------
    Window
        Its ``slot.t`` is the index of the target. None for cuts and stage jumps.
    ndarray, shape (C * S, Y, X)
        In the movie's dtype.
    """
    table, depth = target_table(movie, held_out), movie.header.size.z
    if interpolator.times == "middle":
        table.fraction[:] = 0.5
    # Neighbouring targets look at far depths, so that every depth is seen at several times.
    order = [(i * max(1, round(0.618 * depth))) % depth for i in range(len(held_out.targets))]

    def is_done(slot: Slot) -> bool:
        return slot.t not in wanted or slot.z != order[slot.t]

    for item in work(seen, table, normalisation, interpolator.context, is_done):
        if isinstance(item, Window):
            yield item, channels_first(movie.frame(held_out.targets[item.slot.t].frame, item.slot.z))
