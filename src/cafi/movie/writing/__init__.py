"""Writing movies: OME-TIFF, ImageJ TIFF and OME-Zarr, each frame as soon as it is there, the target all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cafi.movie.writing.formats import bytes_estimate, check_writable, output_format, stem, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from cafi.movie.model import Header, Movie
    from cafi.movie.options import WriteOptions

__all__ = [
    "Sink",
    "bytes_estimate",
    "check_writable",
    "make_sink",
    "output_format",
    "stem",
    "suffix_of",
    "write_movie",
]


class Sink(Protocol):
    """Takes the frames of one output movie, in any order, and makes the target of them."""

    def write(self, t: int, z: int, planes: NDArray[Any]) -> None:
        """Store one frame, shape (C, Y, X) or (C, Y, X, S), in the header's dtype.

        It is stored whole or not at all, also when the process is killed; writing it again
        replaces it. Several threads may write at the same time.

        Raises
        ------
        CafiError
            If the disk is full or the folder cannot be written.
        """

    def holds(self, t: int, z: int) -> bool:
        """Whether a frame lies there as it was stored, which a power cut or a failing disk may have undone."""

    def finish(self) -> None:
        """Make the target appear, whole, of the frames that were written.

        Can be repeated after being killed at any point, and ends with the same target.

        Raises
        ------
        CafiError
            As `write`.
        """


def make_sink(target: Path, folder: Path, header: Header, options: WriteOptions) -> Sink:
    """Return a sink for a new output movie, or for one that was begun in the same folder.

    Parameters
    ----------
    target : Path
        Its suffix tells the format. What lies there is replaced by the last step of `Sink.finish`.
    folder : Path
        For work in progress, on the same disk as the target; created where it is missing. Remove
        it with `cafi.movie.writing.publishing.discard` once the target is there.
    header : Header
        Of the output. Only sizes, dtype and samples matter before `Sink.finish`.
    options : WriteOptions

    Raises
    ------
    CafiError
        If the format cannot hold the movie, or the folder cannot be made.
    """
    form = output_format(target)
    check_writable(header, target, options)
    if form == "ome-zarr":
        from cafi.movie.writing.ome_zarr import ZarrSink

        return ZarrSink.begin(target, folder, header, options)
    from cafi.movie.writing.tiff import TiffSink

    return TiffSink.begin(target, folder, header, options, form)


def write_movie(
    movie: Movie, target: Path, options: WriteOptions, *, on_progress: Callable[[int, int], None] | None = None
) -> None:
    """Write a whole movie as it is; the target appears at the end, replacing what lies there.

    Parameters
    ----------
    movie : Movie
    target : Path
        Its suffix tells the format. Work in progress lies beside it, in ``TARGET.partial``.
    options : WriteOptions
    on_progress : callable, optional
        Called with the number of stored frames and of all frames.

    Raises
    ------
    CafiError
        If the movie cannot be read, or the target not be written, or if an interrupted
        interpolation waits in ``TARGET.partial``.
    """
    from cafi.movie.writing.copying import copy_frames

    copy_frames(movie, target, options, on_progress)
