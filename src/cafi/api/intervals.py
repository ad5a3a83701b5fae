"""Intervals beside a run: the calibration pass before it, and the second movie, OUT.interval, that it writes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.engine.normalisation import channels_first
from cafi.errors import CafiError
from cafi.movie.frames import ACQUIRED
from cafi.movie.model import Channel, SourceMetadata
from cafi.movie.provenance import BOUNDS, CONTENT
from cafi.movie.reindex import output_header
from cafi.movie.writing import make_sink, stem, suffix_of
from cafi.quality.heldout import hold_out
from cafi.quality.intervals import report
from cafi.quality.intervals.calibration import LEAST_GAPS, MOST_GAPS, calibrate, calibration_from_dict, interval
from cafi.quality.intervals.features import measure
from cafi.quality.intervals.sampling import collect, usual_pixels
from cafi.quality.sampled import chosen_gaps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.api.job import Job
    from cafi.engine.normalisation import Normalisation
    from cafi.engine.partial import Partial
    from cafi.engine.predicting import Estimate
    from cafi.engine.windows import Window
    from cafi.movie.model import Header
    from cafi.movie.writing import Sink
    from cafi.quality.intervals.calibration import Calibration
    from cafi.quality.intervals.features import Usual

NOTE = "intervals"
FOLDER = "interval"


@dataclass(frozen=True)
class Calibrated:
    """What the calibration pass found.

    Attributes
    ----------
    channels : tuple of Calibration or None
        One for each channel and sample; None where it was too short. Empty: no intervals at all.
    messages : tuple of str
    """

    channels: tuple[Calibration | None, ...] = ()
    messages: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-serialisable values."""
        return {"channels": [c and c.as_dict() for c in self.channels], "messages": list(self.messages)}


def interval_path(target: Path) -> Path:
    """Return where the intervals of a target lie: OUT.interval.ome.tif beside OUT.ome.tif."""
    suffix = suffix_of(target)
    return target.with_name(f"{stem(target)}.interval{suffix}")


def interval_header(job: Job, provenance: dict[str, Any]) -> Header:
    """Return the header of the second movie: for each channel its lower and its upper bound, floats."""
    header = output_header(job.movie.header, job.table, provenance | {CONTENT: BOUNDS})
    names = job.movie.header.plane_names
    channels = tuple(Channel(f"{name} {bound}") for name in names for bound in ("lower", "upper"))
    wide = header.dtype.itemsize > 2 and header.dtype != np.float32
    return replace(
        header,
        name=f"{header.name} interval",
        size=header.size._replace(c=len(channels)),
        samples=1,
        dtype=np.dtype(np.float64 if wide else np.float32),
        channels=channels,
        significant_bits=None,
        # What the source says by channel does not fit twice as many.
        metadata=SourceMetadata(),
    )


def calibrated(
    job: Job, partial: Partial, normalisation: Normalisation, on_progress: Callable[[int, int], None]
) -> Calibrated:
    """Calibrate on held-out frames of the movie, or return what that gave before a kill."""
    if NOTE not in partial.notes:
        partial.note(NOTE, _calibrate(job, normalisation, on_progress).as_dict())
    return noted(partial)


def noted(partial: Partial) -> Calibrated:
    """Return what the calibration pass of this run found."""
    kept = partial.notes[NOTE]
    return Calibrated(
        tuple(c and calibration_from_dict(c) for c in kept["channels"]),
        tuple(kept["messages"]),
    )


def _calibrate(job: Job, normalisation: Normalisation, on_progress: Callable[[int, int], None]) -> Calibrated:
    if job.table.axis != "t":
        return Calibrated(messages=("Intervals are made along time only; the planes were predicted without them.",))
    try:
        held_out = chosen_gaps(hold_out(job.movie, 2), MOST_GAPS)
    except CafiError:
        # Too short to hold out a single frame.
        return Calibrated(messages=(report.too_short(0),))
    if len(held_out.gaps) < LEAST_GAPS:
        return Calibrated(messages=(report.too_short(len(held_out.gaps)),))
    samples = collect(job.predictor, job.movie, held_out, normalisation, on_progress)
    channels = tuple(calibrate(channel) for channel in samples)
    if all(channel is None for channel in channels):
        return Calibrated(messages=(report.too_short(len(samples[0]) if samples else 0),))
    return Calibrated(channels, report.sentences(channels, job.movie.header.plane_names))


@dataclass
class IntervalSink:
    """Stores the frames of a run, and beside each its interval; both before the run is told that it is done.

    Acquired frames have intervals of zero width; copies inside cuts and stage jumps have none (NaN).
    """

    job: Job
    frames: Sink
    bounds: Sink
    channels: tuple[Calibration | None, ...]
    normalisation: Normalisation
    dtype: np.dtype[Any]
    pixels: tuple[Usual, ...] | None
    _predicted: set[tuple[int, int]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, t: int, z: int, planes: NDArray[Any]) -> None:
        """Store an output frame, and its interval where it was not predicted."""
        with self._lock:
            predicted = (t, z) in self._predicted
            self._predicted.discard((t, z))
        if not predicted:
            exact = channels_first(planes).astype(self.dtype)
            index = t if self.job.table.axis == "t" else z
            if self.job.table.kind[index] != ACQUIRED:
                exact[:] = np.nan
            self.bounds.write(t, z, exact.repeat(2, axis=0))
        self.frames.write(t, z, planes)

    def holds(self, t: int, z: int) -> bool:
        """Whether a frame and its interval lie there as they were stored."""
        return self.frames.holds(t, z) and self.bounds.holds(t, z)

    def predicted(self, window: Window, made: Estimate) -> None:
        """Store the interval of a predicted frame."""
        frames = np.stack([frame.normalised for frame in window.frames])
        with np.errstate(all="ignore"):
            bounds = [self._of_channel(c, frames[:, c], window.t, made) for c in range(frames.shape[1])]
        low, high = (
            self.normalisation.undo(np.stack(side).astype(np.float32), self.dtype) for side in zip(*bounds, strict=True)
        )
        for end in window.ends:
            if end.hole is not None:
                low[end.hole], high[end.hole] = np.nan, np.nan
        planes = np.stack([low, high], axis=1).reshape(-1, *low.shape[1:]).astype(self.dtype)
        self.bounds.write(window.slot.t, window.slot.z, planes)
        with self._lock:
            self._predicted.add((window.slot.t, window.slot.z))

    def _of_channel(
        self, c: int, frames: NDArray[np.float32], t: float, made: Estimate
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        mean, found = made.mean[0, c], self.channels[c]
        if found is None:
            nothing = np.full(mean.shape, np.nan)
            return nothing, nothing
        scale = None if made.scale is None else made.scale[0, c]
        features = measure(frames, t, mean, scale, None if self.pixels is None else self.pixels[c])
        low, high = (side.reshape(mean.shape) for side in interval(found.model, found.widening, features))
        return mean + low, mean + high


def interval_sink(
    job: Job, partial: Partial, target: Path, frames: Sink, found: Calibrated, normalisation: Normalisation
) -> IntervalSink:
    """Return a sink that writes both movies."""
    header = interval_header(job, job.description)
    kept = range(0, job.movie.header.size.t, 2)
    pixels = usual_pixels(job.movie, kept, normalisation)
    return IntervalSink(
        job,
        frames,
        make_sink(interval_path(target), partial.folder / FOLDER, header, job.run.write),
        found.channels,
        normalisation,
        header.dtype,
        pixels,
    )


def publish_intervals(job: Job, partial: Partial, target: Path, provenance: dict[str, Any]) -> None:
    """Make the second movie appear, whole; can be repeated after a kill."""
    header = interval_header(job, provenance)
    make_sink(interval_path(target), partial.folder / FOLDER, header, job.run.write).finish()
