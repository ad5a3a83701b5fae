"""The engine's one job: fill the gaps of a movie as a frame table asks, into a sink."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cafi.engine.breaks import from_dict
from cafi.engine.devices import choose_device
from cafi.engine.lanes import lane_count, threads_for
from cafi.engine.noise import Ratios, median_ratios, noise_ratios
from cafi.engine.options import EngineOptions, parse_bytes
from cafi.engine.pipeline import FrameSink, run_pipeline
from cafi.engine.predicting import Estimate, Predictor
from cafi.engine.tiles import tile_side
from cafi.engine.windows import Slot, Window, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from cafi.engine.breaks import Break
    from cafi.engine.normalisation import Normalisation
    from cafi.engine.partial import Partial
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.frames import FrameTable
    from cafi.movie.model import Header, Movie

WARNING = "warning: "
BREAK = "break "
NOISE = "noise "


def prepare(interpolator: Interpolator, header: Header, options: EngineOptions) -> Predictor:
    """Decide device and tiles once for the whole run.

    Raises
    ------
    CafiError
        If the device is not there, or one frame does not fit into the memory budget.
    """
    images = _images(interpolator, header)
    side = tile_side(interpolator, header.size.y, header.size.x, images, parse_bytes(options.memory))
    device = choose_device("cpu" if interpolator.classical else options.device)
    return Predictor(interpolator, device, side, header.samples, options.precision)


def _images(interpolator: Interpolator, header: Header) -> int:
    """Count what a method works on at once, in the unit of its ``bytes_per_pixel``."""
    return header.size.c * (1 if interpolator.colour else header.samples)


def batch_size(predictor: Predictor, header: Header, options: EngineOptions) -> int:
    """Decide how many windows are predicted together: as many as cores, if the memory budget allows."""
    pixels = header.size.y * header.size.x if predictor.side is None else predictor.side**2
    one = pixels * _images(predictor.interpolator, header) * predictor.interpolator.bytes_per_pixel
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
    on_predicted: Callable[[Window, Estimate], None] | None = None,
    *,
    whole: bool = False,
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
    on_predicted : callable, optional
        Called with each window and its prediction before that is stored, in a writing thread.
    whole : bool
        Whether that must see the method's scale and motion too.
    """
    size = movie.header.size
    total = len(table) * (size.z if table.axis == "t" else size.t)
    on_progress(len(partial.done), total)

    def stored(slot: Slot) -> None:
        partial.mark_done(slot)
        on_progress(len(partial.done), total)

    def note_break(found: Break) -> None:
        partial.note(f"{BREAK}{found.gap}", asdict(found))

    def note_noise(window: Window, made: Estimate) -> None:
        before, after = window.ends
        ratios = noise_ratios(made.mean[0], before.noise, after.noise, movie.header.samples)
        partial.note(f"{NOISE}{window.slot.t},{window.slot.z}", ratios)

    def predicted(window: Window, made: Estimate) -> None:
        if predictor.interpolator.zoom == 1:  # the noise of a finer grid has another spectrum
            note_noise(window, made)
        if on_predicted is not None:
            on_predicted(window, made)

    is_done = frozenset(partial.done).__contains__
    context = predictor.interpolator.context
    items = work(movie, table, normalisation, context, is_done, on_acquired, note_break)
    lanes = lane_count(predictor, movie.header, options)
    batch = batch_size(predictor, movie.header, options) if lanes == 1 else 1
    with threads_for(predictor.interpolator, lanes), _noted_warnings(partial):
        run_pipeline(
            items, predictor, normalisation, movie.header, sink, batch, stored, predicted, lanes=lanes, whole=whole
        )


@contextmanager
def _noted_warnings(partial: Partial) -> Iterator[None]:
    """Note the warnings of a method as they come: after a kill, a resumed run does not meet them again."""

    def note(message: Warning | str, *_where: Any, **_more: Any) -> None:
        partial.note(f"{WARNING}{message}", True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", RuntimeWarning)
        warnings.showwarning = note
        yield


def breaks_found(partial: Partial) -> tuple[Break, ...]:
    """Return every cut and stage jump that the run met, also before a kill, in order."""
    found = [from_dict(value) for key, value in partial.notes.items() if key.startswith(BREAK)]
    return tuple(sorted(found, key=lambda one: one.gap))


def noise_ratio(partial: Partial) -> Ratios:
    """Return the high-pass noise ratio of each channel over all predicted frames, also those before a kill.

    Empty where nothing was predicted; see `cafi.engine.noise`.
    """
    return median_ratios(value for key, value in partial.notes.items() if key.startswith(NOISE))
