"""How much linear blending to mix into a method where next to nothing moves: held-out frames of the movie decide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from cafi.engine import normalisation as normalising
from cafi.engine.interpolation import prepare
from cafi.engine.lanes import threads_for
from cafi.engine.options import EngineOptions
from cafi.interpolators.mixed import Mixed, stillness
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.sampled import chosen_gaps, held_out_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.engine.normalisation import Normalisation
    from cafi.engine.predicting import Predictor
    from cafi.engine.windows import Window
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Movie

MOST_FRAMES, FEWEST_FRAMES = 8, 3  # that are held out
SIDE = 512  # pixels: of larger frames the middle is looked at
DAMPING = 1e-4  # of the square error of a frame: no share where the mixture changes next to nothing
LEAST = 0.05  # smaller shares are none


def mixed(
    interpolator: Interpolator,
    movie: Movie,
    options: EngineOptions | None = None,
    normalisation: Normalisation | None = None,
) -> Interpolator:
    """Return the method mixed as the movie advises; itself where that is not at all, or where it does not mix.

    Parameters
    ----------
    interpolator : Interpolator
    movie : Movie
        What the method may see, such as `kept_movie`.
    options : EngineOptions, optional
    normalisation : Normalisation, optional
        Of that movie, where it is known.
    """
    if not mixes(interpolator):
        return interpolator
    predictor = prepare(interpolator, movie.header, options or EngineOptions())
    shares = measure_shares(predictor, movie, normalisation or normalising.measure(movie))
    return Mixed(interpolator, shares) if any(shares) else interpolator


def mixes(interpolator: Interpolator) -> bool:
    """Tell whether a method may be mixed with linear blending: it says so itself."""
    return getattr(interpolator, "mixes", False)


def measure_shares(predictor: Predictor, movie: Movie, normalisation: Normalisation) -> tuple[float, ...]:
    """Return the share of linear blending in each channel and sample, in [0, 1]; see `cafi.interpolators.mixed.Mixed`.

    Some frames of the movie are held out and predicted from those beside them, over gaps twice as long as those that
    will be filled. The share with the least square error there, less its standard error (jackknife over frames), is
    taken: a movie that does not clearly ask for a mixture gets none.

    Parameters
    ----------
    predictor : Predictor
    movie : Movie
    normalisation : Normalisation
    """
    planes = movie.header.size.c * movie.header.samples
    if movie.header.size.t <= 2 * FEWEST_FRAMES:
        return (0.0,) * planes
    held_out = chosen_gaps(hold_out(movie, 2), MOST_FRAMES)
    seen, wanted = kept_movie(movie, held_out), set(range(len(held_out.targets)))
    windows = held_out_windows(predictor.interpolator, movie, seen, held_out, normalisation, wanted)
    found = [_evidence(predictor, window, normalisation.apply(truth)) for window, truth in windows]
    return tuple(best_share(frames) for frames in np.reshape(found, (-1, planes, 2)).swapaxes(0, 1))


def best_share(frames: NDArray[np.float64]) -> float:
    """Return the share with the least square error over some frames, less its standard error.

    Parameters
    ----------
    frames : ndarray of float64, shape (N, 2)
        For each frame the mean of d * d and of d * e over that of e * e, where d is what the whole of linear blending
        would change, and e what the method leaves; every frame counts alike.
    """
    frames = frames[np.isfinite(frames).all(1)]
    count = len(frames)
    if count < FEWEST_FRAMES:
        return 0.0
    change, gain = frames[:, 0] + DAMPING, frames[:, 1]
    without_one = (gain.sum() - gain) / (change.sum() - change)
    error = np.sqrt((count - 1) * without_one.var())
    share = float(np.clip(gain.sum() / change.sum() - error, 0, 1))
    return share if share >= LEAST else 0.0


def _evidence(predictor: Predictor, window: Window, measured: NDArray[np.float32]) -> NDArray[np.float64]:
    """What one held-out frame says, for each plane; see `best_share`."""
    cut = (slice(None), *(_middle(side) for side in measured.shape[1:]))
    window = replace(window, frames=tuple(replace(f, normalised=f.normalised[cut], hot=None) for f in window.frames))
    with threads_for(predictor.interpolator):
        made = predictor.estimate([window])
    if made.motion is None:
        return np.full((len(measured), 2), np.nan)
    before, after = (end.normalised for end in window.ends)
    blend = (1 - window.t) * before + window.t * after
    change = stillness(torch.from_numpy(made.motion))[0].numpy() * (blend - made.mean[0])
    left = measured[cut] - made.mean[0]
    unknown = ~np.isfinite(left)
    change[unknown], left[unknown] = 0, 0
    square = (left**2).mean((1, 2), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack([(change * part).mean((1, 2), dtype=np.float64) / square for part in (change, left)], 1)


def _middle(side: int) -> slice:
    start = max(0, side - SIDE) // 2
    return slice(start, start + SIDE)
