"""Reports: of a held-out check, of a finished movie, and of fine-tuning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cafi.api.command import command_line
from cafi.errors import CafiError
from cafi.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from cafi.movie.model import Movie


def make_report(source: str | Path, *, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """Make (again) the report of a held-out check, of a movie that `cafi.interpolate` wrote, or of fine-tuning.

    Parameters
    ----------
    source : str or Path
        The folder of a held-out check or of a fine-tuned model, or an interpolated movie.
    on_progress : callable, optional
        Called with how much of the work is done, and how much there is.

    Returns
    -------
    Path
        The page: one HTML file that needs nothing else. ``report.html`` in the folder, or NAME.report.html beside
        the movie.

    Raises
    ------
    CafiError
        If it is none of them, or another file is in the way.

    Examples
    --------
    >>> import cafi
    >>> cafi.make_report("checked")  # doctest: +SKIP
    """
    from cafi.quality.results import FILE
    from cafi.report.evaluated import REPORT, evaluation_report
    from cafi.report.finetuned import RECORD, finetuned_page
    from cafi.report.saving import save, save_page

    source = Path(source)
    if not source.exists():
        raise CafiError(f"{source}: there is no such folder or movie; check the name.")
    if (source / FILE).is_file():
        return save(evaluation_report(source), source / REPORT, on_progress)
    if (source / RECORD).is_file():
        return save_page(finetuned_page(source), source / REPORT)
    return movie_report(source, on_progress)


def report_path(target: Path) -> Path:
    """Return where the report of an interpolated movie lies."""
    from cafi.movie.writing import stem

    return target.with_name(stem(target) + ".report.html")


def movie_report(target: Path, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """Make the report of a movie that `cafi.interpolate` wrote, and return its path.

    Raises
    ------
    CafiError
        If it is no such movie, or another file is in the way.
    """
    from cafi.api.intervals import interval_path
    from cafi.movie.options import ReadOptions
    from cafi.movie.reading import open_movie
    from cafi.report.interpolated import interpolated_report
    from cafi.report.saving import save

    if target.is_dir() and target.suffix != ".zarr":
        raise CafiError(
            f"{target} holds no evaluation.json and no finetune.json; name a folder that `cafi evaluate` or"
            " `cafi finetune` made, or a movie."
        )
    beside = interval_path(target)
    with open_movie(target, ReadOptions()) as movie, _opened(beside) as intervals:
        if movie.header.frames is None:
            raise CafiError(f"{target} carries no marks of acquired and interpolated frames: it was not made by cafi.")
        described = interpolated_report(movie, target.name, _command(movie, target), intervals)
        return save(described, report_path(target), on_progress)


def _opened(path: Path) -> AbstractContextManager[Movie | None]:
    """Open a movie, if it is there."""
    from contextlib import nullcontext

    from cafi.movie.options import ReadOptions
    from cafi.movie.reading import open_movie

    return open_movie(path, ReadOptions()) if path.exists() else nullcontext()


def _command(movie: Movie, target: Path) -> str | None:
    """Return the command line that makes this movie again."""
    from pydantic import ValidationError

    made = movie.header.provenance or {}
    try:
        run = Run.model_validate(made["run"])
        source = made["source"]["name"]
    except (KeyError, TypeError, ValidationError):
        return None
    words = ("interpolate", str(source), target.name)
    return command_line(
        words, (run.method, run.timeline, run.read, run.write, run.engine, run.trust), named=("method",)
    )
