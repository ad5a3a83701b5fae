"""Looking at a movie before anything is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cafi.movie.inspection import Inspection
    from cafi.movie.options import ReadOptions


def info(
    path: str | Path,
    options: ReadOptions | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Inspection:
    """Say what is in a file: axes, units, time stamps, and blank, duplicated, saturated or missing frames.

    Parameters
    ----------
    path : str or Path
        Any movie that `cafi.read` opens.
    options : ReadOptions, optional
        Axes and scene.
    on_progress : callable, optional
        Called with the number of planes looked at and of all planes.

    Raises
    ------
    CafiError
        If it is no movie, or cannot be read.
    """
    from cafi.movie.inspection import inspect
    from cafi.movie.options import ReadOptions
    from cafi.movie.reading import open_movie

    with open_movie(path, options or ReadOptions()) as movie:
        return inspect(movie, progress=on_progress)
