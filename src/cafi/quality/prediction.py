"""Predicting held-out frames in memory, just as `cafi interpolate` would predict them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cafi.engine import normalisation as normalising
from cafi.engine.interpolation import batch_size, prepare
from cafi.engine.lanes import threads_for
from cafi.engine.normalisation import channels_first
from cafi.engine.options import EngineOptions
from cafi.engine.pipeline import read_ahead
from cafi.engine.windows import Passed, Slot, Window, work
from cafi.errors import CafiError
from cafi.interpolators.repeated import for_times
from cafi.quality.heldout import kept_movie, target_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from cafi.engine.normalisation import Normalisation
    from cafi.engine.predicting import Predictor
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.frames import FrameTable
    from cafi.movie.model import Movie
    from cafi.quality.results import HeldOut, Target

MIDDLE = 0.05  # of the gap: so far from its middle may a frame lie for a method that predicts only the middle


@dataclass(frozen=True)
class Predicted:
    """One held-out frame as a method predicts it, at one depth; in the movie's own unit.

    Attributes
    ----------
    z : int
    mean : ndarray of float32 (float64 for pixels wider than 24 bits), shape (C * S, Y, X)
        Neither rounded nor clipped. NaN where an acquired frame beside it is not finite.
    scale : ndarray of the same shape, or None
        Laplace scale b of |measured - mean|, where the method has one.
    motion : ndarray of float32, shape (2, 2, Y, X), or None
        Displacement (x, y) in pixels from the predicted frame to both ends of the gap.
    strangeness : ndarray of float32, shape (C * S,), or None
        How unlike the method's training data each plane is, see `cafi.interpolators.protocol.Prediction`.
    copied : bool
        The gap is a cut or a stage jump: ``mean`` is a copy of the nearest acquired frame that is not blank.
    seconds : float
        For predicting it, without reading.
    """

    z: int
    mean: NDArray[np.floating]
    scale: NDArray[np.floating] | None = None
    motion: NDArray[np.float32] | None = None
    strangeness: NDArray[np.float32] | None = None
    copied: bool = False
    seconds: float = 0.0


def predict(
    interpolator: Interpolator,
    movie: Movie,
    held_out: HeldOut,
    options: EngineOptions | None = None,
    normalisation: Normalisation | None = None,
    depths: Collection[int] | None = None,
) -> Iterator[tuple[Target, Predicted]]:
    """Predict the held-out frames of a movie from the kept ones, with the engine's own steps.

    Breaks are recognised, frames are tiled and batched as in a run, and the truth cannot leak: everything, the
    normalisation included, is measured on the kept frames.

    Parameters
    ----------
    interpolator : Interpolator
    movie : Movie
        All of it; arrays become one with `cafi.movie.arrays.array_movie`.
    held_out : HeldOut
        From `cafi.quality.heldout.hold_out`; fewer targets mean less work.
    options : EngineOptions, optional
    normalisation : Normalisation, optional
        What `seen_normalisation` found before, where the same movie is predicted again and again.
    depths : collection of int, optional
        The z-planes that are wanted; all otherwise.

    Yields
    ------
    Target, Predicted
        Depth after depth, and the targets in order for each; a few frames are in memory at a time.

    Raises
    ------
    CafiError
        If the method cannot predict such times, or does not fit into the memory budget.
    """
    options = options or EngineOptions()
    seen = kept_movie(movie, held_out)
    interpolator, table = fitted(interpolator, movie, held_out)
    normalisation = normalisation or normalising.measure(seen)
    predictor = prepare(interpolator, seen.header, options)
    batch = batch_size(predictor, seen.header, options)

    def unwanted(slot: Slot) -> bool:
        return depths is not None and slot.z not in depths

    items = read_ahead(work(seen, table, normalisation, interpolator.context, unwanted), 2 * batch)
    waiting: list[Window] = []
    for item in items:
        if isinstance(item, Passed):
            # Those before it are not finished yet: the order is that of the targets.
            yield from _predicted(predictor, waiting, held_out, normalisation, seen)
            waiting = []
            yield held_out.targets[item.slot.t], _copied(item)
            continue
        waiting.append(item)
        if len(waiting) == batch:
            yield from _predicted(predictor, waiting, held_out, normalisation, seen)
            waiting = []
    yield from _predicted(predictor, waiting, held_out, normalisation, seen)


def seen_normalisation(movie: Movie, held_out: HeldOut) -> Normalisation:
    """Measure offset and scale on the kept frames of a movie, as `predict` does."""
    return normalising.measure(kept_movie(movie, held_out))


def fitted(interpolator: Interpolator, movie: Movie, held_out: HeldOut) -> tuple[Interpolator, FrameTable]:
    """Return a method as it predicts held-out frames, repeatedly if need be, and the timeline of these frames.

    For methods that predict only middles, frames that were captured close to one lie in it.

    Parameters
    ----------
    interpolator : Interpolator
    movie : Movie
        All of it.
    held_out : HeldOut

    Raises
    ------
    CafiError
        If the method cannot predict such times.
    """
    table = target_table(movie, held_out)
    if interpolator.times == "middle":
        table.fraction[np.abs(table.fraction - 0.5) <= MIDDLE] = 0.5
    try:
        return for_times(interpolator, table.fraction), table
    except CafiError as error:
        # What is said there is how to ask for other times, and here nobody did.
        raise CafiError(
            f"{interpolator.name} predicts only the middle of a gap, if need be again and again, and held-out frames"
            " lie elsewhere; hold out with --drop 2, 4, 8 or 16, of frames that are evenly spaced in time."
        ) from error


def _predicted(
    predictor: Predictor, windows: list[Window], held_out: HeldOut, normalisation: Normalisation, seen: Movie
) -> Iterator[tuple[Target, Predicted]]:
    if not windows:
        return
    started = time.perf_counter()
    with threads_for(predictor.interpolator):
        made = predictor.estimate(windows)
    seconds = (time.perf_counter() - started) / len(windows)
    for i, window in enumerate(windows):
        mean = normalisation.undo(made.mean[i], seen.header.dtype)
        for end in window.ends:
            if end.hole is not None:
                mean[end.hole] = np.nan
        scale = None if made.scale is None else normalisation.undo_width(made.scale[i], seen.header.dtype)
        motion = None if made.motion is None else made.motion[i]
        strangeness = None if made.strangeness is None else made.strangeness[i]
        found = Predicted(window.slot.z, mean, scale, motion, strangeness, seconds=seconds)
        yield held_out.targets[window.slot.t], found


def _copied(item: Passed) -> Predicted:
    raw = channels_first(item.raw)
    kind = np.float32 if raw.dtype.itemsize <= 2 or raw.dtype == np.float32 else np.float64
    return Predicted(item.slot.z, raw.astype(kind), copied=True)
