"""One movie, one frame table, one target: the steps from a plan to a published movie."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.api.intervals import IntervalSink
    from cafi.engine.breaks import Break
    from cafi.engine.noise import Ratios
    from cafi.engine.normalisation import Normalisation
    from cafi.engine.partial import Partial
    from cafi.engine.predicting import Estimate, Predictor
    from cafi.engine.windows import Window
    from cafi.movie.frames import FrameTable
    from cafi.movie.model import Header, Movie
    from cafi.movie.writing import Sink
    from cafi.quality.verdict import Verdict
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

    def header(self, provenance: dict[str, Any]) -> Header:
        """Return the header of the output."""
        from cafi.movie.reindex import output_header

        return output_header(self.movie.header, self.table, provenance, self.predictor.interpolator.zoom)


@dataclass(frozen=True)
class Findings:
    """What a run met and measured on its way.

    Attributes
    ----------
    messages : tuple of str
        Everything that the user should know about the result, planning included.
    breaks : tuple of Break
        Cuts and stage jumps, which were not interpolated.
    noise_ratio : list of float or None
        High-pass noise of interpolated over acquired frames, for each channel (`cafi.engine.noise`).
    intervals : list of dict or None
        For each channel how its intervals did on held-out frames; empty without intervals.
    verdict : Verdict or None
        What to do with the predicted frames, and why; None where nothing was checked.
    """

    messages: tuple[str, ...]
    breaks: tuple[Break, ...] = ()
    noise_ratio: Ratios = field(default_factory=list)
    intervals: list[dict[str, Any] | None] = field(default_factory=list)
    verdict: Verdict | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return them as the provenance keeps them."""
        return {
            "messages": list(self.messages),
            "breaks": [asdict(found) for found in self.breaks],
            "noise_ratio": self.noise_ratio,
            "intervals": self.intervals,
            "verdict": self.verdict and self.verdict.as_dict(),
        }


def execute(
    job: Job, target: Path, *, resume: bool, overwrite: bool, on_progress: Callable[[int, int], None]
) -> Findings:
    """Predict all frames and make the target appear, whole.

    Returns
    -------
    Findings

    Raises
    ------
    CafiError
        If the target cannot be written, or may not be replaced.
    """
    from cafi.engine.alone import alone
    from cafi.engine.partial import open_partial

    _refuse_unwritable(job, target, resume=resume, overwrite=overwrite)
    _refuse_small_disk(job, target)
    partial = open_partial(target, job.description, resume=resume, overwrite=overwrite)
    with alone(partial.folder):
        _fill(job, target, partial, on_progress)
        findings = _findings(job, partial)
        _publish(job, target, partial, findings)
    partial.remove()
    return findings


def table_path(target: Path) -> Path:
    """Return where the frame table (CSV) of a target lies."""
    from cafi.movie.writing import stem

    return target.with_name(stem(target) + ".frames.csv")


def standing(job: Job, target: Path) -> Findings | None:
    """Return what a target that is complete already, from this very run of this very source, records; else None."""
    from cafi.api.intervals import interval_path
    from cafi.engine.breaks import from_dict
    from cafi.engine.partial import partial_folder
    from cafi.movie.writing.publishing import discard
    from cafi.quality import verdict

    made_by = _record_of(target)
    if made_by is None:
        return None
    # A kill during the removal of the work in progress leaves its remains.
    discard(partial_folder(target))
    if _differing(job, made_by):
        return None
    breaks = tuple(from_dict(found) for found in made_by.get("breaks", ()))
    intervals = made_by.get("intervals", [])
    if intervals and not interval_path(target).exists():
        return None
    judged = made_by.get("verdict")
    return Findings(
        tuple(made_by.get("messages", job.messages)),
        breaks,
        made_by.get("noise_ratio", []),
        intervals,
        judged and verdict.from_dict(judged),
    )


def _record_of(target: Path) -> dict[str, Any] | None:
    """Return what a complete target records of how it was made, if there is one that can be read."""
    from cafi.engine.partial import partial_folder
    from cafi.movie.reading import open_movie

    if not target.exists() or partial_folder(target).exists():
        return None
    try:
        with open_movie(target) as movie:
            return movie.header.provenance or {}
    except CafiError:
        return None


def _differing(job: Job, made_by: dict[str, Any]) -> list[str]:
    """Name what differs between a job and a record: options where these do, else parts of the description."""
    parts = [key for key, value in job.description.items() if made_by.get(key) != value]
    if "source" in parts or "run" not in parts:
        return parts
    now, then = job.description["run"], made_by.get("run") or {}
    sections = [(now[name], then.get(name)) for name in now if isinstance(now[name], dict)]
    changed = [option for a, b in sections for option in a if not isinstance(b, dict) or a[option] != b.get(option)]
    return [f"--{option.replace('_', '-')}" for option in changed]


def _refuse_other_result(job: Job, target: Path) -> None:
    """Refuse a complete result of cafi in the place of the target, if it was made otherwise, and say so."""
    differing = _differing(job, made_by) if (made_by := _record_of(target)) else []
    if differing:
        raise CafiError(
            f"{target} exists already, and was made otherwise ({', '.join(differing)}); choose another name, or give"
            " --overwrite to replace it."
        )


def _refuse_unwritable(job: Job, target: Path, *, resume: bool, overwrite: bool) -> None:
    from cafi.engine.partial import partial_folder
    from cafi.movie.writing import check_writable
    from cafi.movie.writing.replacing import refuse_taken

    check_writable(job.header(job.description), target, job.run.write)
    if _is_same(target, job.movie.path):
        raise CafiError(f"{target} is the source itself; choose another name for the result.")
    if not overwrite:
        _refuse_other_result(job, target)
    table = table_path(target)
    resuming = resume and partial_folder(target).exists()
    if table.exists() and not target.exists() and not (overwrite or resuming):
        raise CafiError(f"{table} exists already; move it away, or give --overwrite to replace it.")
    if job.run.trust.uncertainty:
        from cafi.api.intervals import interval_header, interval_path

        second = interval_path(target)
        check_writable(interval_header(job, job.description), second, job.run.write)
        refuse_taken(second, overwrite=overwrite or resuming)


def _is_same(target: Path, source: Path | None) -> bool:
    # A pattern of images is no file itself.
    return source is not None and source.exists() and target.exists() and target.samefile(source)


def _refuse_small_disk(job: Job, target: Path) -> None:
    """Check the room on the disk before work begins, by how well the first frame compresses."""
    import shutil
    import zlib

    from cafi.movie.writing import bytes_estimate, output_format

    first = job.movie.frame(0, 0).tobytes()
    packed = 1.0 if job.run.write.compression == "none" else min(1.0, len(zlib.compress(first, 1)) / len(first))
    header = job.header(job.description)
    needed = packed * bytes_estimate(header, output_format(target), job.run.write)
    if job.run.trust.uncertainty:
        from cafi.api.intervals import interval_header

        # Bounds are floats with noise in every digit: they hardly compress.
        needed += bytes_estimate(interval_header(job, job.description), output_format(target), job.run.write)
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise CafiError(
            f"{target} and the work towards it need about {needed / 1e9:.1f} GB, and {folder} has {free / 1e9:.1f} GB"
            " free; free some, or choose another disk."
        )


def _fill(job: Job, target: Path, partial: Partial, on_progress: Callable[[int, int], None]) -> None:
    from cafi.api.mixing import with_mixture
    from cafi.engine.interpolation import fill_gaps
    from cafi.engine.normalisation import measure
    from cafi.interpolators.classical.dis import one_opencv_thread
    from cafi.movie.plane_report import largest_value, report_plane
    from cafi.movie.writing import make_sink

    normalisation = measure(job.movie)
    partial.note(NORMALISATION, normalisation.as_dict())
    header = job.header(job.description)
    sink = make_sink(target, partial.folder, header, job.run.write)

    maximum = largest_value(job.movie.header)

    def note(place: tuple[int, int, int], plane: NDArray[Any]) -> None:
        key = PLANE + ",".join(map(str, place))
        if key not in partial.notes:
            missing = job.movie.source.is_missing(*place)
            partial.note(key, asdict(report_plane(plane, maximum, missing=missing)))

    with one_opencv_thread():
        job = with_mixture(job, partial, normalisation)
        both = _with_intervals(job, target, partial, sink, normalisation, on_progress)
        partial.keep(sink.holds if both is None else both.holds)
        fill_gaps(
            job.movie,
            job.table,
            job.predictor,
            normalisation,
            sink if both is None else both,
            partial,
            job.run.engine,
            note,
            on_progress,
            _observer(job, partial, both),
            whole=both is not None or job.run.trust.checks,
        )


def _observer(job: Job, partial: Partial, both: IntervalSink | None) -> Callable[[Window, Estimate], None]:
    """Return what looks at each prediction before it is stored: checks and intervals, where they are wished for."""
    from cafi.api.checks import checker

    look = checker(job, partial) if job.run.trust.checks else None

    def predicted(window: Window, made: Estimate) -> None:
        if look is not None:
            look(window, made)
        if both is not None:
            both.predicted(window, made)

    return predicted


def _with_intervals(
    job: Job,
    target: Path,
    partial: Partial,
    sink: Sink,
    normalisation: Normalisation,
    on_progress: Callable[[int, int], None],
) -> IntervalSink | None:
    """Run the calibration pass where it is wished for, and return the sink of both movies; None without intervals."""
    if not job.run.trust.uncertainty:
        return None
    from cafi.api.intervals import calibrated, interval_sink

    found = calibrated(job, partial, normalisation, on_progress)
    return interval_sink(job, partial, target, sink, found, normalisation) if found.channels else None


def _findings(job: Job, partial: Partial) -> Findings:
    """Say what the run met: breaks, untrustworthy frames beside gaps, and warnings of the method."""
    from cafi.api.checks import unjudged, verdict
    from cafi.api.mixing import in_words, shares_of
    from cafi.engine import hot_pixels
    from cafi.engine.breaks import broken_gaps, sentences
    from cafi.engine.interpolation import WARNING, breaks_found, noise_ratio
    from cafi.movie.gap_warnings import gap_warnings, untrusted
    from cafi.movie.plane_report import PlaneReport

    reports = {}
    for key, value in partial.notes.items():
        if key.startswith(PLANE):
            t, c, z = map(int, key.removeprefix(PLANE).split(","))
            reports[t, c, z] = PlaneReport(**value)
    names = [channel.name for channel in job.movie.header.channels]
    warned = sorted(key.removeprefix(WARNING) for key in partial.notes if key.startswith(WARNING))
    breaks = breaks_found(partial)
    said, figures = _interval_findings(job, partial)
    mixed = in_words(shares_of(partial), job.movie.header.plane_names)
    counts, zoom = partial.notes[NORMALISATION]["hot_pixels"], job.predictor.interpolator.zoom
    hot = hot_pixels.in_words(counts, job.movie.header.plane_names, zoom)
    told = (*hot, *mixed, *sentences(breaks, job.table), *gap_warnings(reports, job.table, names), *said, *warned)
    why_not = unjudged(job) if job.run.trust.checks else None
    messages = (*job.messages, *told, *([why_not] if why_not else []))
    gains = [figure["gain"] for figure in figures if figure is not None]
    gain = min(gains) if gains else None
    judged = verdict(job, partial, broken_gaps(breaks, job.table), gain, untrusted(reports, job.table))
    return Findings(messages, breaks, noise_ratio(partial), figures, judged)


def _interval_findings(job: Job, partial: Partial) -> tuple[tuple[str, ...], list[dict[str, Any] | None]]:
    """Return what is to be said of intervals, and their figures; nothing where none were wished for."""
    if not job.run.trust.uncertainty:
        return (), []
    from cafi.api.intervals import noted
    from cafi.quality.intervals.report import summary

    found = noted(partial)
    return found.messages, summary(found.channels)


def _publish(job: Job, target: Path, partial: Partial, findings: Findings) -> None:
    """Make the target and its frame table appear; every step can be repeated after a kill."""
    from cafi.api.mixing import shares_of
    from cafi.movie.provenance import write_csv
    from cafi.movie.writing import make_sink

    measured = {"normalisation": partial.notes[NORMALISATION], "mixed": shares_of(partial)}
    provenance = job.description | measured | findings.as_dict()
    header = job.header(provenance)
    draft = partial.folder / "frames.csv"
    write_csv(draft, header)
    draft.replace(table_path(target))
    if findings.intervals:
        from cafi.api.intervals import publish_intervals

        publish_intervals(job, partial, target, provenance)
    make_sink(target, partial.folder, header, job.run.write).finish()
