"""The report of a finished movie: what was predicted, what was noticed, how it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.movie.frames import KIND_NAMES, RESAMPLED, FrameTable
from cafi.report.data import Caution, ReportData, Section, Table, Verdict
from cafi.report.extras import cautions_of, coverage_plots, how_made, verdict_of
from cafi.report.footage import Footage, Moment, affordable, moment_label, shrink_for, shrunk
from cafi.report.methods_text import interpolation_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cafi.movie.model import Header, Movie

    Frames = NDArray[np.float16]

UNCHECKED = "Nothing was held out here, so this page does not say how well the movie was predicted"
HELD_OUT = {"t": "`cafi evaluate` of the source does.", "z": "planes along depth are not held out by any check."}


def interpolated_report(movie: Movie, name: str, command: str | None, intervals: Movie | None = None) -> ReportData:
    """Describe a movie that `cafi interpolate` made.

    Parameters
    ----------
    movie : Movie
        With its frame table and provenance.
    name : str
        Of its file.
    command : str or None
        The command line that makes it again.
    intervals : Movie, optional
        The movie of interval ends beside it: lower and upper of each channel, as channels.

    Returns
    -------
    ReportData

    Raises
    ------
    ValueError
        If cafi did not make it.
    """
    header = movie.header
    if header.frames is None:
        raise ValueError(f"{name} has no frame table")
    provenance = header.provenance or {}
    section = Section(
        name=name,
        verdict=_verdict(provenance),
        facts=tuple(_facts(header.frames, provenance)),
        footage=_footage(movie, header.frames, provenance, intervals),
        tables=tuple(_noise_table(header, provenance)),
        plots=tuple(coverage_plots(provenance, _channel_names(header))),
        cautions=tuple(_cautions(provenance)),
        methods_text=tuple(interpolation_text(header.frames, provenance)),
    )
    return ReportData(f"Interpolated movie {name}", (section,), command, how_made(provenance))


def _verdict(provenance: dict[str, Any]) -> Verdict:
    return verdict_of(provenance) or Verdict("not judged", ("Its gaps were not checked.",))


def _facts(frames: FrameTable, provenance: dict[str, Any]) -> Iterator[str]:
    told = " and ".join(f"{count} {name}" for name, count in zip(KIND_NAMES, frames.counts, strict=True) if count)
    where = f" ({int(frames.between.sum())} of them between acquired ones)" if frames.counts.resampled else ""
    yield f"{told} frames{where}, predicted by {provenance.get('method', 'an unknown method')}."
    if len(frames.left_out):
        yield f"{len(frames.left_out)} acquired frames of the source are not on this timeline."
    if not provenance.get("intervals"):
        yield f"{UNCHECKED}; {HELD_OUT[frames.axis]}"
    ratios = [ratio for ratio in provenance.get("noise_ratio", ()) if ratio is not None]
    if ratios and min(ratios) < 1:
        yield (
            f"Interpolated frames have {min(ratios):.2f} times the noise of acquired ones: count photons, analyse"
            " variances and fit FRAP curves on acquired frames alone, which `cafi restore` gives back."
        )


def _cautions(provenance: dict[str, Any]) -> Iterator[Caution]:
    words = {"cut": "another scene, or a blank frame", "jump": "a jump of the whole field"}
    for found in provenance.get("breaks", ()):
        gap = found["gap"]
        yield Caution(
            f"frames {gap} to {gap + 1}",
            f"It is {words[found['kind']]}: its frames are copies of the nearest acquired one that is not blank.",
        )
    yield from cautions_of(provenance)
    for message in provenance.get("messages", ()):
        yield Caution("movie", message)


def _noise_table(header: Header, provenance: dict[str, Any]) -> Iterator[Table]:
    ratios = provenance.get("noise_ratio") or ()
    if len(ratios) != header.size.c:
        return
    rows = tuple((name, ratio) for name, ratio in zip(_channel_names(header), ratios, strict=True))
    note = "High-pass noise of interpolated over acquired frames, before rounding; 1 means alike."
    yield Table("Noise", ("channel", "noise ratio"), rows, (note,))


def _channel_names(header: Header) -> tuple[str, ...]:
    names = (channel.name for channel in header.channels)
    return tuple(name or f"channel {c}" for c, name in enumerate(names)) or tuple(map(str, range(header.size.c)))


def _footage(movie: Movie, frames: FrameTable, provenance: dict[str, Any], intervals: Movie | None) -> Footage:
    size, shrink = movie.header.size, shrink_for(movie.header.size.y, movie.header.size.x)
    pixels = (size.y // shrink) * (size.x // shrink) * size.c
    part = affordable(len(frames), pixels * (2 if intervals else 1))
    chosen = range(len(frames))[part]
    across = (size.z if frames.axis == "t" else size.t) // 2
    ranges = _ranges(movie, provenance)

    def read(source: Movie, index: int) -> NDArray[np.float32]:
        place = (index, across) if frames.axis == "t" else (across, index)
        planes = _grey(source.frame(*place), source.header.samples)
        both = zip(planes, ranges if len(planes) == len(ranges) else np.repeat(ranges, 2, axis=0), strict=True)
        return shrunk(np.stack([(plane - low) / width for plane, (low, width) in both]), shrink)

    between = frames.between
    predicted = [i for i in chosen if between[i]]
    measured = [i for i in chosen if not between[i]]
    method = str(provenance.get("method", "prediction"))
    widths: dict[str, Frames] = {}
    if intervals is not None and predicted and intervals.header.size.c == 2 * size.c:
        ends = (read(intervals, i) for i in predicted)
        widths = {method: np.stack([np.float16(both[1::2] - both[::2]) for both in ends])}
    return Footage(
        moments=tuple(_moment(frames, i) for i in chosen),
        channels=_channel_names(movie.header),
        measured=np.stack([np.float16(read(movie, i)) for i in measured]),
        measured_at=_places(chosen, measured),
        predicted={method: np.stack([np.float16(read(movie, i)) for i in predicted])} if predicted else {},
        predicted_at={method: _places(chosen, predicted)} if predicted else {},
        interval=widths,
        ranges=ranges,
        shrink=shrink,
        notes=tuple(_shown_part(frames, chosen, across, movie, shrink)),
        axis=frames.axis,
    )


def _shown_part(frames: FrameTable, chosen: range, across: int, movie: Movie, shrink: int) -> Iterator[str]:
    other, count = ("depth", movie.header.size.z) if frames.axis == "t" else ("time", movie.header.size.t)
    if count > 1:
        yield f"Frames are shown at the middle {other}, index {across} of {count}."
    if len(chosen) < len(frames):
        yield f"Frames {chosen[0]} to {chosen[-1]} of {len(frames)} are shown."
    if shrink > 1:
        yield f"Frames are shown with one pixel for {shrink} x {shrink} of the movie."


def _ranges(movie: Movie, provenance: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    """Take offset and scale of each channel from the provenance; the mean of the samples of RGB pixels."""
    found = provenance.get("normalisation", {})
    channels = (movie.header.size.c, -1)
    try:
        low, width = (np.reshape(np.array(found[key], float), channels).mean(1) for key in ("offset", "scale"))
    except (KeyError, ValueError):
        return ((0.0, 1.0),) * movie.header.size.c
    return tuple((a, b or 1.0) for a, b in zip(low.tolist(), width.tolist(), strict=True))


def _grey(planes: NDArray[Any], samples: int) -> NDArray[np.float64]:
    return np.asarray(planes if samples == 1 else planes.mean(-1), np.float64)


def _moment(frames: FrameTable, index: int) -> Moment:
    label = moment_label(float(frames.positions[index]), frames.unit, frames.axis)
    left, resampled = int(frames.left[index]), frames.kind[index] == RESAMPLED
    if frames.between[index]:
        where = f"between acquired frames {left} and {left + 1} (t = {frames.fraction[index]:.2f})"
        return Moment(label, "interpolated", f"{where}, resampled" if resampled else where)
    return Moment(label, "resampled" if resampled else "acquired", f"frame {left} of the source")


def _places(chosen: range, wanted: list[int]) -> tuple[int | None, ...]:
    index = {frame: i for i, frame in enumerate(wanted)}
    return tuple(index.get(frame) for frame in chosen)
