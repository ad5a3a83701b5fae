"""The main job: a movie goes in, a faster movie comes out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cafi
from cafi.api.job import Job, execute, standing, table_path
from cafi.errors import CafiError
from cafi.run import Run, describe_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cafi.engine.breaks import Break
    from cafi.interpolators.repeated import Repeated
    from cafi.movie.model import Header, Movie
    from cafi.movie.options import ReadOptions
    from cafi.quality.verdict import Verdict


@dataclass(frozen=True)
class Result:
    """What a finished run left behind.

    Attributes
    ----------
    target, table : Path
        The movie, and the frame table (CSV) beside it.
    acquired, interpolated, left_out : int
        Frames along the axis: measured, predicted, and measured but not on the timeline.
    resampled : int
        With a zoom all frames are, and none is acquired or interpolated.
    seconds : float
    messages : tuple of str
        Everything that the user should know about this result.
    breaks : tuple of Break
        Cuts and stage jumps (gap, kind, shift in pixels): their frames are copies, not interpolated.
    noise_ratio : tuple of float or None
        High-pass noise of interpolated over acquired frames, for each channel; None where the acquired ones
        have none. Below 1, count photons, analyse variances and fit FRAP curves on `cafi restore`d frames alone.
    already_done : bool
        The target stood complete before, from the same run of the same source.
    interval : Path or None
        The movie of lower and upper bounds; None without ``uncertainty``, or where the movie is too short for it.
    intervals : tuple of dict or None
        For each channel how its intervals did on held-out frames.
    report : Path or None
        The page about the result, where it was asked for.
    verdict : Verdict or None
        Use, use with care, or do not use; with reasons, and a warning for each doubtful gap.
    """

    target: Path
    table: Path
    acquired: int
    interpolated: int
    left_out: int
    seconds: float
    messages: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()
    noise_ratio: tuple[float | None, ...] = ()
    already_done: bool = False
    interval: Path | None = None
    intervals: tuple[dict[str, Any] | None, ...] = ()
    report: Path | None = None
    resampled: int = 0
    verdict: Verdict | None = None


def interpolate(
    source: str | Path,
    target: str | Path,
    run: Run | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    report: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Result:
    """Fill the gaps of a movie with predicted frames.

    Acquired frames come out bit-identical; every frame is marked acquired or interpolated.

    Parameters
    ----------
    source : str or Path
        Any movie that `cafi.read` opens.
    target : str or Path
        Ends in .ome.tif, .tif (ImageJ) or .ome.zarr.
    run : Run, optional
        The description of the run; the defaults otherwise.
    resume : bool
        Continue what an interrupted run with the same description left, if anything.
    overwrite : bool
        Replace an existing target that cafi wrote, or unfinished work.
    report : bool
        Write a page about the result beside it: NAME.report.html.
    on_progress : callable, optional
        Called with the number of stored frames and of all frames.
    **options
        Any option of a run by its name, such as ``factor=4``, ``every='0.5s'``, ``method='linear'``.

    Returns
    -------
    Result

    Raises
    ------
    CafiError
        If the source, an option or the target does not allow it.

    Examples
    --------
    >>> import cafi
    >>> cafi.interpolate("cells.tif", "cells_x2.ome.tif", factor=2)  # doctest: +SKIP
    """
    started = time.monotonic()
    from cafi.api.intervals import interval_path

    run = describe_run(run, **options)
    source, target = Path(source), Path(target)
    if report:
        _refuse_report(target)
    with open_source(source, run.read) as movie:
        job = plan(movie, source, run)
        stood = standing(job, target) if resume else None
        findings = stood or execute(
            job, target, resume=resume, overwrite=overwrite, on_progress=on_progress or (lambda _done, _total: None)
        )
        acquired, interpolated, resampled = job.table.counts
        return Result(
            target=target,
            table=table_path(target),
            acquired=acquired,
            interpolated=interpolated,
            resampled=resampled,
            left_out=len(job.table.left_out),
            seconds=time.monotonic() - started,
            messages=findings.messages,
            breaks=findings.breaks,
            noise_ratio=tuple(findings.noise_ratio),
            already_done=stood is not None,
            interval=interval_path(target) if findings.intervals else None,
            intervals=tuple(findings.intervals),
            report=_report(target) if report else None,
            verdict=findings.verdict,
        )


def _refuse_report(target: Path) -> None:
    """Refuse, before any work, if a file that is no report lies where the report goes."""
    from cafi.api.report import report_path
    from cafi.report.saving import refuse_foreign

    refuse_foreign(report_path(target))


def _report(target: Path) -> Path:
    from cafi.api.report import movie_report

    return movie_report(target)


def open_source(source: Path, options: ReadOptions) -> Movie:
    """Open the one movie that is meant.

    Raises
    ------
    CafiError
        If it cannot be read, or holds several scenes and none was chosen.
    """
    from cafi.movie.reading import open_movie

    movie = open_movie(source, options)
    if options.scene is None and len(movie.scenes) > 1:
        names = ", ".join(f"{i}: {name}" for i, name in enumerate(movie.scenes))
        raise CafiError(
            f"{source} holds {len(movie.scenes)} scenes ({names}); say which with --scene N, or --scene all."
        )
    return movie


def plan(movie: Movie, source: Path, run: Run) -> Job:
    """Decide everything that can be decided before the first frame is predicted.

    Raises
    ------
    CafiError
        If the timeline, the method or the memory budget does not allow it.
    """
    from cafi.engine.interpolation import prepare
    from cafi.interpolators import registry
    from cafi.interpolators.repeated import Repeated, for_times
    from cafi.movie.fingerprint import fingerprint
    from cafi.timeline.build import build

    _refuse_unfit(movie, source, run.timeline.axis)
    positions, unit, count = _axis_positions(movie.header, run.timeline.axis)
    table, messages = build(positions, count, unit, run.timeline)
    weights = run.method.weights
    method = registry.get(run.method.method, None if weights is None else Path(weights), **run.method.special)
    interpolator = for_times(method, table.fraction[~table.acquired], repeat=run.method.repeat)
    if interpolator.zoom != 1:
        if run.trust.uncertainty:
            raise CafiError(
                f"--uncertainty compares predictions with acquired frames pixel by pixel, and with --zoom"
                f" {interpolator.zoom} they have other pixels; leave one of the two out."
            )
        table, messages = table.resampled(), (*messages, _resampling_in_words(interpolator.zoom))
    predictor = prepare(interpolator, movie.header, run.engine)
    description = {
        "software": f"cafi {cafi.__version__}",
        "source": {"name": source.name, "fingerprint": fingerprint(source)},
        "method": interpolator.name,
        "weights": registry.weights_of(interpolator),
        "run": run.model_dump(mode="json"),
    }
    if isinstance(interpolator, Repeated):
        description["repeated"] = {"doublings": interpolator.doublings}
        messages = (*messages, _repetition_in_words(interpolator))
    return Job(movie, run, table, predictor, description, (*movie.assumptions, *messages))


def _repetition_in_words(repeated: Repeated) -> str:
    return (
        f"{repeated.name} was run repeatedly, {repeated.doublings} doublings in all: most frames are predicted from"
        " predicted ones, and errors are carried on."
    )


def _resampling_in_words(zoom: int) -> str:
    return (
        f"Every frame is resampled by a zoom of {zoom}: no pixel is an acquired one, `cafi restore` cannot give any"
        " back, and what was drawn on the source's pixels (ROIs, overlays) is left out."
    )


def _refuse_unfit(movie: Movie, source: Path, axis: str) -> None:
    """Refuse predicted frames as a source, and a movie that lies along the other axis."""
    from cafi.movie.reindex import source_name

    size, table = movie.header.size, movie.header.frames
    if table is not None and table.counts.resampled:
        raise CafiError(f"{source} holds resampled frames; start from its source, {source_name(movie.header)}.")
    if table is not None and not table.acquired.all():
        # Predicting from predictions would pass them off as measured in the next result.
        raise CafiError(
            f"{source} holds interpolated frames; start from the acquired ones alone, which `cafi restore` gives back."
        )
    if axis == "t" and size.t == 1 and size.z > 1:
        raise CafiError(
            f"{source} has one frame along time and {size.z} planes along depth;"
            " give --axis z to predict between the planes, or --axes to say that they are times."
        )


def _axis_positions(header: Header, axis: str) -> tuple[NDArray[Any] | None, str, int]:
    """Return positions of the acquired frames along an axis (None if unknown), their unit, and their count."""
    import numpy as np

    if axis == "t":
        return header.times, "s" if header.times is not None else "frame", header.size.t
    spacing = header.pixel_size.z
    if spacing is None:
        return None, "frame", header.size.z
    return np.arange(header.size.z) * spacing, header.pixel_size.unit, header.size.z
