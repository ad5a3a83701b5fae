"""Synthetic movies with known truth."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cafi.api.described import described
from cafi.errors import CafiError
from cafi.simulation.options import SimulationOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cafi.movie.model import Movie
    from cafi.simulation.movies import Tracks

__all__ = ["Simulated", "SimulationOptions", "memory_movie", "simulate"]


@dataclass(frozen=True)
class Simulated:
    """What was written.

    Attributes
    ----------
    target : Path
        The movie as a camera records it, uint16.
    truth : Path
        The same without noise, float32, in the same unit.
    tracks : Path or None
        Table (CSV) of where things are: frame, particle, y, x in pixels, visible (0 or 1); for particles, rods
        and cells.
    motion : Path or None
        Displacement since the first frame of what each pixel shows, in pixels, channels dx and dy: pixel (y, x)
        shows the texture that lay at (y - dy, x - dx); for tissue.
    options : SimulationOptions
    """

    target: Path
    truth: Path
    tracks: Path | None
    motion: Path | None
    options: SimulationOptions


def simulate(
    target: str | Path,
    options: SimulationOptions | None = None,
    *,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
    **changes: Any,
) -> Simulated:
    """Simulate a movie, and write it with its noise-free truth and its true motion beside it.

    Parameters
    ----------
    target : str or Path
        Ends in .ome.tif, .tif (ImageJ) or .ome.zarr; NAME.truth, NAME.motion and NAME.tracks.csv come beside it.
    options : SimulationOptions, optional
    overwrite : bool
        Replace existing files; of movies, only those that cafi wrote.
    on_progress : callable, optional
        Called with the number of stored frames and of all frames, for the movie and then for its truth.
    **changes
        Options by their own names, such as ``scene='cells'``.

    Returns
    -------
    Simulated

    Raises
    ------
    CafiError
        If an option does not fit, or a file is in the way.
    """
    options = described(SimulationOptions, options, changes)
    planned = _planned(Path(target), options, overwrite)
    import numpy as np

    from cafi.movie.options import WriteOptions
    from cafi.movie.writing import write_movie
    from cafi.movie.writing.progress import make_folder
    from cafi.simulation.movies import simulate_movie

    make_folder(planned.target.parent)
    made = simulate_movie(options)
    name = f"simulated {options.scene}, seed {options.seed}"

    def write(place: Path, pixels: NDArray[Any], channels: tuple[str, ...], bits: int | None = None) -> None:
        movie = memory_movie(name, pixels, channels, significant_bits=bits)
        write_movie(movie, place, WriteOptions(), on_progress=on_progress)

    bits = None if options.bits == 16 else options.bits
    write(planned.target, made.frames.numpy().astype(np.uint16)[:, None], ("simulated",), bits)
    write(planned.truth, made.truth.numpy()[:, None], ("simulated, without noise",))
    if planned.motion is not None and made.motion is not None:
        write(planned.motion, made.motion.numpy(), ("dx", "dy"))
    if planned.tracks is not None and made.tracks is not None:
        _write_tracks(planned.tracks, made.tracks)
    return planned


def memory_movie(
    name: str, pixels: NDArray[Any], channels: tuple[str, ...], significant_bits: int | None = None
) -> Movie:
    """Return pixels (T, C, Y, X) as a movie, one frame each second, pixels of 0.16 µm."""
    import numpy as np

    from cafi.movie.arrays import array_movie
    from cafi.movie.model import Channel, PixelSize

    return array_movie(
        pixels[:, :, None],
        name,
        pixel_size=PixelSize(None, 0.16, 0.16),
        times=np.arange(len(pixels), dtype=np.float64),
        times_from="interval",
        channels=tuple(Channel(channel) for channel in channels),
        significant_bits=significant_bits,
    )


def _planned(target: Path, options: SimulationOptions, overwrite: bool) -> Simulated:
    """Decide which files come to be, and refuse before any work if one is in the way."""
    from cafi.movie.writing import output_format, stem, suffix_of
    from cafi.movie.writing.replacing import refuse_taken

    output_format(target)

    def beside(what: str, ending: str = suffix_of(target)) -> Path:
        return target.with_name(f"{stem(target)}.{what}{ending}")

    tracks = beside("tracks", ".csv") if options.scene in ("particles", "rods", "cells") else None
    motion = beside("motion") if options.scene == "tissue" else None
    planned = Simulated(target, beside("truth"), tracks, motion, options)
    for movie in (planned.target, planned.truth, motion):
        if movie is not None:
            refuse_taken(movie, overwrite=overwrite)
    if tracks is not None and tracks.exists() and not overwrite:
        raise CafiError(f"{tracks} exists already; choose another name, or give --overwrite to replace it.")
    return planned


def _write_tracks(path: Path, tracks: Tracks) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("frame", "particle", "y", "x", "visible"))
        for t, (places, visible) in enumerate(zip(tracks.places.tolist(), tracks.visible.tolist(), strict=True)):
            for n, ((y, x), seen) in enumerate(zip(places, visible, strict=True)):
                table.writerow((t, n, f"{y:.4f}", f"{x:.4f}", int(seen)))
