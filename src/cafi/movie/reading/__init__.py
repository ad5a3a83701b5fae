"""Reading movies: lazily, and by what a file contains rather than by its suffix."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cafi.errors import CafiError
from cafi.movie.options import ReadOptions
from cafi.movie.reading.guard import guarded
from cafi.movie.reading.signatures import read_head, reader_of

if TYPE_CHECKING:
    from cafi.movie.model import Movie

_KINDS = (
    "TIFF, OME-TIFF, OME-Zarr, a folder or pattern of images, ND2, CZI, LIF or video"
    " (a folder of several movies is worked through file by file)"
)


def open_movie(path: str | Path, options: ReadOptions | None = None) -> Movie:
    """Open a movie lazily: its header now, its planes when they are asked for.

    Parameters
    ----------
    path : str or Path
        A file, a folder of single-frame images or of an OME-Zarr image, or a pattern of
        single-frame images such as ``folder/*.png``.
    options : ReadOptions
        Where `scene` is None or 'all', the first one is opened; `Movie.scenes` names all.

    Returns
    -------
    Movie
        To be closed after use (it is a context manager).

    Raises
    ------
    CafiError
        If it cannot be read, is no image series, or does not fit the options.
    """
    path = Path(path)
    with guarded(path, "it cannot be opened", "check that it is a readable file or folder"):
        found = path.exists()
        head = read_head(path) if found else b""
    if not found:
        if not any(letter in str(path) for letter in "*?["):
            raise CafiError(f"{path}: there is no such file or folder; check the name.")
        reader: str | None = "images"
    else:
        if not head and path.is_file():
            raise CafiError(f"{path}: it is empty; copy or export it again.")
        reader = reader_of(path, head)
    if reader is None:
        raise CafiError(f"{path}: it is no image series; give {_KINDS}.")
    module = import_module(f"cafi.movie.reading.{reader}")
    return cast("Movie", module.open_scene(path, options or ReadOptions()))


def list_scenes(path: str | Path, options: ReadOptions | None = None) -> tuple[str, ...]:
    """Return the names of the scenes (positions, series) in a file; see `open_movie`."""
    options = (options or ReadOptions()).model_copy(update={"scene": None})
    with open_movie(path, options) as movie:
        return movie.scenes
