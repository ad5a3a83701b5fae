"""The engine's one job: fill the gaps of a movie as a frame table asks, into a sink."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cafi.engine.devices import choose_device
from cafi.engine.options import EngineOptions, parse_bytes
from cafi.engine.pipeline import FrameSink, run_pipeline
from cafi.engine.predicting import Predictor
from cafi.engine.tiles import tile_side
from cafi.engine.windows import Slot, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from cafi.engine.normalisation import Normalisation
    from cafi.engine.partial import Partial
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.frames import FrameTable
    from cafi.movie.model import Header, Movie

WARNING = "warning: "


def prepare(interpolator: Interpolator, header: Header, options: EngineOptions) -> Predictor:
    """Decide device and tiles once for the whole run.

    Raises
    ------
    CafiError
        If the device is not there, or one frame does not fit into the memory budget.
    """
    channels = header.size.c * header.samples
    side = tile_side(interpolator, header.size.y, header.size.x, channels, parse_bytes(options.memory))
    device = choose_device("cpu" if interpolator.classical else options.device)
    return Predictor(interpolator, device, side)


def batch_size(predictor: Predictor, header: Header, options: EngineOptions) -> int:
    """Decide how many windows are predicted together: as many as cores, if the memory budget allows."""
    pixels = header.size.y * header.size.x if predictor.side is None else predictor.side**2
    one = pixels * header.size.c * header.samples * predictor.interpolator.bytes_per_pixel
    return max(1, min(os.cpu_count() or 1, 8, parse_bytes(options.memory) // max(one, 1)))


def fill_gaps(
    movie: Movie,
    table: FrameTable,
    predictor: Predictor,
    normalisation: Normalisation,
    sink: FrameSink,
    partial: Partial,
    options: EngineOptions,
    on_acquired: Callable[[tuple[int, int, int], NDArray[Any]], None],
    on_progress: Callable[[int, int], None],
) -> None:
    """Write every frame of the table that an earlier, interrupted run has not written.

    Parameters
    ----------
    movie : Movie
    table : FrameTable
        Of the output.
    predictor : Predictor
        From `prepare`.
    normalisation : Normalisation
    sink : FrameSink
    partial : Partial
        Knows what is done, and is told.
    options : EngineOptions
    on_acquired : callable
        Called with the place (t, c, z) and the pixels of each acquired plane as it is read.
    on_progress : callable
        Called with the number of stored frames and of all frames.
    """
    size = movie.header.size
    total = len(table) * (size.z if table.axis == "t" else size.t)
    on_progress(len(partial.done), total)

    def stored(slot: Slot) -> None:
        partial.mark_done(slot)
        on_progress(len(partial.done), total)

    done_before = frozenset(partial.done)
    items = work(movie, table, normalisation, predictor.interpolator.context, done_before.__contains__, on_acquired)
    batch = batch_size(predictor, movie.header, options)
    with _threads_for(predictor.interpolator), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        run_pipeline(items, predictor, normalisation, movie.header, sink, batch, stored)
    for warning in caught:
        partial.note(f"{WARNING}{warning.message}", True)


@contextmanager
def _threads_for(interpolator: Interpolator) -> Iterator[None]:
    """Give classical methods one torch thread: their arithmetic is small, and encoding needs the other cores."""
    import torch

    before = torch.get_num_threads()
    if interpolator.classical:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
