"""Cheap checks of every gap beside a run, and the verdict that they come to at its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.api.cycles import Cycles, cycle_of
from cafi.quality.verdict import Verdict, from_notes, judge
from cafi.quality.warnings.gap import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from cafi.api.job import Job
    from cafi.engine.partial import Partial
    from cafi.engine.predicting import Estimate
    from cafi.engine.windows import Window
    from cafi.movie.gap_warnings import Untrusted

NOTE = "check "


def checker(job: Job, partial: Partial) -> Callable[[Window, Estimate], None]:
    """Return what looks at the prediction nearest to the middle of each gap, and notes what it measures."""
    middles = _middles(job)
    cycles = Cycles(job.table, middles, partial)

    def look(window: Window, made: Estimate) -> None:
        t, z = window.slot
        gap = int(job.table.left[t])
        if middles.get(gap) == t and 0 < window.t < 1:  # a resampled copy inside a break is no prediction of its gap
            before, after = (end.normalised for end in window.ends)
            mean = _as_small(made.mean[0], before.shape)
            motion, strangeness = (None if part is None else part[0] for part in (made.motion, made.strangeness))
            found = check(before, after, window.t, mean, gap, z, motion=motion, strangeness=strangeness)
            partial.note(f"{NOTE}{t},{z}", [one.as_dict() for one in found])
            cycles.see(gap, z, mean, (before, after))

    return look


def verdict(
    job: Job, partial: Partial, broken: int, gain: float | None, untrusted: Untrusted | None = None
) -> Verdict | None:
    """Judge the result by all that was noted, also before a kill; None where gaps are not checked (`unjudged`)."""
    if not job.run.trust.checks or unjudged(job) is not None:
        return None
    records = [value for key, value in sorted(partial.notes.items()) if key.startswith(NOTE)]
    found = [replace(c, cycle=cycle_of(partial, c.gap, c.z, c.channel)) for c in from_notes(records)]
    gaps = len({c.gap for c in found})
    return judge(found, job.predictor.interpolator.name, gaps, broken, gain, untrusted)


def unjudged(job: Job) -> str | None:
    """Say why there can be no verdict on a result; None where there can."""
    if job.table.axis != "t":
        return "There is no verdict: gaps are checked along time only, as planes along depth differ by nature."
    if not job.table.between.any():
        return "There is no verdict, as no frame between two acquired ones was asked for."
    return None


def _middles(job: Job) -> dict[int, int]:
    """The output frame nearest to the middle of each gap; along depth none, where planes differ by nature."""
    if job.table.axis != "t":
        return {}
    nearest: dict[int, int] = {}
    for t in np.flatnonzero(job.table.between).tolist():
        gap, far = int(job.table.left[t]), abs(float(job.table.fraction[t]) - 0.5)
        if gap not in nearest or far < abs(float(job.table.fraction[nearest[gap]]) - 0.5):
            nearest[gap] = t
    return nearest


def _as_small(mean: Any, shape: tuple[int, ...]) -> Any:
    """Bring a zoomed prediction back to the pixels of the acquired frames."""
    zoom = mean.shape[-1] // shape[-1]
    if zoom == 1:
        return mean
    return mean.reshape(mean.shape[0], shape[1], zoom, shape[2], zoom).mean(axis=(2, 4))
