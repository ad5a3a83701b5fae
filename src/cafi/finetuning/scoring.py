"""The one score in the end: the test parts, predicted by the tuned network, the base model and classical methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cafi.engine.normalisation import channels_first
from cafi.quality.heldout import positions
from cafi.quality.metrics.intensity import psnr
from cafi.quality.metrics.ranges import movie_range
from cafi.quality.metrics.structure import ssim
from cafi.quality.prediction import predict
from cafi.quality.results import HeldOut, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cafi.engine.options import EngineOptions
    from cafi.finetuning.reels import Reel
    from cafi.finetuning.split import Part
    from cafi.interpolators.protocol import Interpolator

FRAMES = 64  # that are scored, at most, over all movies


@dataclass(frozen=True)
class Score:
    """How one method did on the test part of one movie.

    Attributes
    ----------
    movie, method : str
    psnr : float
        In dB for data of range 1, mean over frames and channels.
    ssim : float
    frames : int
        That were scored.
    """

    movie: str
    method: str
    psnr: float
    ssim: float
    frames: int


def held_out(part: Part, times: np.ndarray, limit: int) -> list[HeldOut]:
    """Hold every second frame of a part out, and then the others.

    Parameters
    ----------
    part : Part
    times : ndarray of float64, shape (T,)
    limit : int
        Frames that are held out, at most; they are spread over the part.

    Returns
    -------
    list of HeldOut
        With indices of the whole movie; frames outside of ``part.seen`` are in none of them.
    """
    found, asked = [], [f for f in part.targets if f - 1 in part.seen and f + 1 in part.seen]
    if len(asked) > limit:
        asked = [asked[i] for i in np.linspace(0, len(asked) - 1, limit).round().astype(int)]
    for begin in (0, 1):
        kept = tuple(part.seen[begin::2])
        targets = tuple(
            Target(f, i, float((times[f] - times[kept[i]]) / (times[kept[i + 1]] - times[kept[i]])))
            for i, f in enumerate(k + 1 for k in kept[:-1])
            if f in asked
        )
        if targets:
            found.append(HeldOut(kept, targets))
    return found


def score(
    reels: Sequence[Reel],
    methods: dict[str, Interpolator],
    options: EngineOptions,
    on_progress: Callable[[int, int], None],
) -> tuple[Score, ...]:
    """Score methods on the test parts of movies, each frame at the middle depth.

    Parameters
    ----------
    reels : sequence of Reel
    methods : dict of str to Interpolator
        By the name that their scores shall have.
    options : EngineOptions
    on_progress : callable
        Called with how many movies were scored, and of how many.
    """
    found = []
    for done, reel in enumerate(reels):
        on_progress(done, len(reels))
        found += _of_one(reel, methods, options, max(1, FRAMES // len(reels)))
    on_progress(len(reels), len(reels))
    return tuple(found)


def _of_one(reel: Reel, methods: dict[str, Interpolator], options: EngineOptions, limit: int) -> list[Score]:
    movie, part, z = reel.library.movie(reel.path), reel.split.test, reel.header.size.z // 2
    ranges = {plane: movie_range(movie, plane // reel.header.samples) for plane in reel.planes}
    rows, columns = part.area.rows, part.area.columns
    values: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for asked in held_out(part, positions(movie), limit):
        for name, interpolator in methods.items():
            for target, made in predict(interpolator, movie, asked, options, depths=[z]):
                if made.copied:
                    continue
                truth = channels_first(movie.frame(target.frame, z))
                for plane, scale in ranges.items():
                    pair = truth[plane, rows, columns], made.mean[plane, rows, columns]
                    if all(np.isfinite(p).all() for p in pair):
                        values[name].append((psnr(*pair, scale), ssim(*pair, scale)))
    name = reel.path.name
    return [
        Score(name, method, float(np.mean([p for p, _ in scores])), float(np.mean([s for _, s in scores])), len(scores))
        for method, scores in values.items()
        if scores
    ]
