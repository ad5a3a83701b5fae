"""Opening a movie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from cafi.movie.model import Movie


def read(path: str | Path, *, axes: str | None = None, scene: int | Literal["all"] | None = None) -> Movie:
    """Open a movie lazily: its planes are read when they are asked for.

    Parameters
    ----------
    path : str or Path
        A file, a folder or pattern of single-frame images, or an OME-Zarr.
    axes : str, optional
        What the file's dimensions mean, in their order, such as 'TYX'; overrides what it says.
    scene : int, optional
        Which scene of several; the first if omitted.

    Returns
    -------
    Movie
        Also a context manager that closes the file.

    Raises
    ------
    CafiError
        If it is no movie, or cannot be read.

    Examples
    --------
    >>> import cafi
    >>> movie = cafi.read("cells.ome.tif")  # doctest: +SKIP
    >>> movie.header.size  # doctest: +SKIP
    Size(t=20, c=1, z=1, y=288, x=288)
    """
    from cafi.movie.options import ReadOptions
    from cafi.movie.reading import open_movie

    return open_movie(path, ReadOptions(axes=axes, scene=scene))
