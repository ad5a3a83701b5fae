"""The calibration pass: held-out frames are predicted, and what is known of their pixels is kept beside the error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from cafi.engine.hot_pixels import put_back
from cafi.engine.lanes import threads_for
from cafi.engine.normalisation import channels_first
from cafi.movie.plane_report import largest_value
from cafi.quality.heldout import kept_movie
from cafi.quality.intervals.calibration import LEAST_GAPS, PIXELS, Sample
from cafi.quality.intervals.features import Usual, measure, usual
from cafi.quality.sampled import held_out_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cafi.engine.normalisation import Normalisation
    from cafi.engine.predicting import Predictor
    from cafi.engine.windows import Window
    from cafi.movie.model import Movie
    from cafi.quality.results import HeldOut

SECONDS = 60.0  # that the pass may take
USUAL_FRAMES = 16  # spread over the movie: enough for a mean and a spread


def usual_pixels(movie: Movie, frames: Sequence[int], normalisation: Normalisation) -> tuple[Usual, ...] | None:
    """Return what each pixel usually shows, for each channel; None for stacks, where it would need much memory.

    Parameters
    ----------
    movie : Movie
    frames : sequence of int
        Acquired ones that may be looked at; at most `USUAL_FRAMES` of them are read.
    normalisation : Normalisation
    """
    if movie.header.size.z > 1:
        return None
    chosen = sorted({frames[round(i)] for i in np.linspace(0, len(frames) - 1, min(USUAL_FRAMES, len(frames)))})
    together = np.stack([normalisation.apply(channels_first(movie.frame(t, 0))) for t in chosen])
    return tuple(usual(np.nan_to_num(channel, posinf=0, neginf=0)) for channel in together.swapaxes(0, 1))


def collect(
    predictor: Predictor,
    movie: Movie,
    held_out: HeldOut,
    normalisation: Normalisation,
    on_progress: Callable[[int, int], None],
    seconds: float = SECONDS,
) -> list[list[Sample]]:
    """Predict held-out frames, and sample their pixels.

    Ends early, with fewer gaps but not fewer than `LEAST_GAPS`, where all would take longer than ``seconds``: so many
    gaps are left out, evenly, after the first one was timed.

    Parameters
    ----------
    predictor : Predictor
    movie : Movie
        All of it.
    held_out : HeldOut
        From `chosen_gaps`. Of a stack one depth is taken for each target, in turn.
    normalisation : Normalisation
    on_progress : callable
        Called with how many are done and how many there are.
    seconds : float

    Returns
    -------
    list of list of Sample
        For each channel, in order of time. Cuts and stage jumps give none.
    """
    seen = kept_movie(movie, held_out)
    pixels = usual_pixels(seen, range(seen.header.size.t), normalisation)
    limit = largest_value(movie.header)
    samples: dict[int, list[Sample]] = {}
    wanted = set(range(len(held_out.targets)))
    windows = held_out_windows(predictor.interpolator, movie, seen, held_out, normalisation, wanted)
    for i, (window, truth) in enumerate(windows):
        started = time.monotonic()
        samples[window.slot.t] = _sample_planes(predictor, window, truth, normalisation, pixels, limit)
        if i == 0:
            affordable = max(LEAST_GAPS, int(min(1e6, seconds / max(time.monotonic() - started, 1e-9))))
            wanted &= {round(k) for k in np.linspace(0, len(held_out.targets) - 1, affordable)} | {window.slot.t}
        on_progress(len(samples), len(wanted))
    in_time = [samples[t] for t in sorted(samples)]
    return [list(channel) for channel in zip(*in_time, strict=True)]


def _sample_planes(
    predictor: Predictor,
    window: Window,
    truth: NDArray[np.generic],
    normalisation: Normalisation,
    pixels: tuple[Usual, ...] | None,
    limit: float | None,
) -> list[Sample]:
    """Return the samples of each channel of one held-out frame."""
    with threads_for(predictor.interpolator):
        made = predictor.estimate([window])
    frames = np.stack([f.normalised for f in window.frames])
    ends = [channels_first(end.raw) for end in window.ends]
    measured, blended = normalisation.apply(truth), _blended(window)
    random = np.random.default_rng(window.slot.t)
    found = []
    for c, plane in enumerate(measured):
        known = None if pixels is None else pixels[c]
        features = measure(
            frames[:, c], window.t, made.mean[0, c], None if made.scale is None else made.scale[0, c], known
        )
        same = (ends[0][c] == ends[1][c]) & (ends[0][c] == truth[c])
        constant = same & (known.spread == 0) if known is not None else same
        full = np.zeros_like(same) if limit is None else np.any([v[c] >= limit for v in (*ends, truth)], axis=0)
        usable = np.flatnonzero(~(constant | full).ravel() & np.isfinite(plane.ravel()))
        chosen = np.sort(random.choice(usable, min(PIXELS, len(usable)), replace=False))
        found.append(
            Sample(
                features.of(chosen),
                (plane - made.mean[0, c]).ravel()[chosen],
                int(constant.sum()),
                int((full & ~constant).sum()),
                plane.size,
                _mean_square(plane - made.mean[0, c]),
                _mean_square(plane - blended[c]),
            )
        )
    return found


def _mean_square(difference: NDArray[np.float32]) -> float:
    finite = difference[np.isfinite(difference)]
    return float(np.square(finite).mean(dtype=np.float64)) if finite.size else np.nan


def _blended(window: Window) -> NDArray[np.float32]:
    """What linear blending predicts; hot pixels are put back as the engine does it for every method."""
    before, after = window.ends
    blended = np.asarray((1 - window.t) * before.normalised + window.t * after.normalised, np.float32)
    put_back(blended, window.t, before.hot, after.hot)
    return blended
