"""One movie, one frame table, one target: the steps from a plan to a published movie."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.engine.partial import Partial
    from cafi.engine.predicting import Predictor
    from cafi.movie.frames import FrameTable
    from cafi.movie.model import Movie
    from cafi.run import Run

PLANE = "plane "
NORMALISATION = "normalisation"


@dataclass(frozen=True)
class Job:
    """A run, planned for one movie.

    Attributes
    ----------
    movie : Movie
    run : Run
    table : FrameTable
        Of the output.
    predictor : Predictor
    description : dict
        Everything that decides the result (JSON-serialisable); becomes the core of the provenance.
    messages : tuple of str
        What planning found that the user should know.
    """

    movie: Movie
    run: Run
    table: FrameTable
    predictor: Predictor
    description: dict[str, Any]
    messages: tuple[str, ...]


def execute(
    job: Job, target: Path, *, resume: bool, overwrite: bool, on_progress: Callable[[int, int], None]
) -> tuple[str, ...]:
    """Predict all frames and make the target appear, whole.

    Returns
    -------
    tuple of str
        Everything that the user should know about the result, planning included.

    Raises
    ------
    CafiError
        If the target cannot be written, or may not be replaced.
    """
    from cafi.engine.partial import open_partial

    _refuse_unwritable(job, target, resume=resume, overwrite=overwrite)
    _refuse_small_disk(job, target)
    partial = open_partial(target, job.description, resume=resume, overwrite=overwrite)
    _fill(job, target, partial, on_progress)
    messages = (*job.messages, *_findings(job, partial))
    _publish(job, target, partial, messages)
    return messages


def table_path(target: Path) -> Path:
    """Return where the frame table (CSV) of a target lies."""
    from cafi.movie.writing import stem

    return target.with_name(stem(target) + ".frames.csv")


def stands(job: Job, target: Path) -> bool:
    """Whether the target is complete already, from this very run of this very source."""
    from cafi.engine.partial import partial_folder
    from cafi.movie.reading import open_movie
    from cafi.movie.writing.publishing import discard

    if not target.exists() or partial_folder(target).exists():
        return False
    try:
        with open_movie(target) as movie:
            made_by = movie.header.provenance or {}
    except CafiError:
        return False
    # A kill during the removal of the work in progress leaves its remains.
    discard(partial_folder(target))
    return all(made_by.get(key) == value for key, value in job.description.items())


def _refuse_unwritable(job: Job, target: Path, *, resume: bool, overwrite: bool) -> None:
    from cafi.engine.partial import partial_folder
    from cafi.movie.reindex import output_header
    from cafi.movie.writing import check_writable

    check_writable(output_header(job.movie.header, job.table, job.description), target, job.run.write)
    if job.movie.path is not None and target.exists() and target.samefile(job.movie.path):
        raise CafiError(f"{target} is the source itself; choose another name for the result.")
    table = table_path(target)
    resuming = resume and partial_folder(target).exists()
    if table.exists() and not target.exists() and not (overwrite or resuming):
        raise CafiError(f"{table} exists already; move it away, or give --overwrite to replace it.")


def _refuse_small_disk(job: Job, target: Path) -> None:
    """Check the room on the disk before work begins, by how well the first frame compresses."""
    import shutil
    import zlib

    from cafi.movie.reindex import output_header
    from cafi.movie.writing import bytes_estimate, output_format

    first = job.movie.frame(0, 0).tobytes()
    packed = 1.0 if job.run.write.compression == "none" else min(1.0, len(zlib.compress(first, 1)) / len(first))
    header = output_header(job.movie.header, job.table, job.description)
    needed = packed * bytes_estimate(header, output_format(target), job.run.write)
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise CafiError(
            f"{target} and the work towards it need about {needed / 1e9:.1f} GB, and {folder} has {free / 1e9:.1f} GB"
            " free; free some, or choose another disk."
        )


def _fill(job: Job, target: Path, partial: Partial, on_progress: Callable[[int, int], None]) -> None:
    from cafi.engine.interpolation import fill_gaps
    from cafi.engine.normalisation import measure
    from cafi.movie.plane_report import largest_value, report_plane
    from cafi.movie.reindex import output_header
    from cafi.movie.writing import make_sink

    normalisation = measure(job.movie)
    partial.note(NORMALISATION, normalisation.as_dict())
    header = output_header(job.movie.header, job.table, job.description)
    sink = make_sink(target, partial.folder, header, job.run.write)

    maximum = largest_value(job.movie.header)

    def note(place: tuple[int, int, int], plane: NDArray[Any]) -> None:
        key = PLANE + ",".join(map(str, place))
        if key not in partial.notes:
            missing = job.movie.source.is_missing(*place)
            partial.note(key, asdict(report_plane(plane, maximum, missing=missing)))

    fill_gaps(job.movie, job.table, job.predictor, normalisation, sink, partial, job.run.engine, note, on_progress)


def _findings(job: Job, partial: Partial) -> tuple[str, ...]:
    """Say what the run met: untrustworthy frames beside gaps, and warnings of the method."""
    from cafi.engine.interpolation import WARNING
    from cafi.movie.gap_warnings import gap_warnings
    from cafi.movie.plane_report import PlaneReport

    reports = {}
    for key, value in partial.notes.items():
        if key.startswith(PLANE):
            t, c, z = map(int, key.removeprefix(PLANE).split(","))
            reports[t, c, z] = PlaneReport(**value)
    names = [channel.name for channel in job.movie.header.channels]
    warned = sorted(key.removeprefix(WARNING) for key in partial.notes if key.startswith(WARNING))
    return (*gap_warnings(reports, job.table, names), *warned)


def _publish(job: Job, target: Path, partial: Partial, messages: tuple[str, ...]) -> None:
    """Make the target and its frame table appear; every step can be repeated after a kill."""
    from cafi.movie.provenance import write_csv
    from cafi.movie.reindex import output_header
    from cafi.movie.writing import make_sink

    provenance = job.description | {"normalisation": partial.notes[NORMALISATION], "messages": list(messages)}
    header = output_header(job.movie.header, job.table, provenance)
    draft = partial.folder / "frames.csv"
    write_csv(draft, header)
    draft.replace(table_path(target))
    make_sink(target, partial.folder, header, job.run.write).finish()
    partial.remove()
