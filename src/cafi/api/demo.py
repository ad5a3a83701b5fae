"""Every method at work on one movie, scored against the frames that it did not see."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cafi.api.interpolate import plan
from cafi.api.job import execute
from cafi.api.simulate import memory_movie
from cafi.movie.frames import ACQUIRED, INTERPOLATED, FrameTable
from cafi.run import Run, describe_run
from cafi.simulation.options import SimulationOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from cafi.api.job import Job
    from cafi.movie.model import Movie

    Watch = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]

SHARE = 20.0  # seconds for each method
SEED = 0
SIMULATED = SimulationOptions(scene="cells", frames=21, speed=3, noise=0.05, seed=6)


@dataclass(frozen=True)
class Score:
    """How one method did.

    Attributes
    ----------
    method : str
    psnr, ssim : float
        Mean over the held-out frames, as `cafi.quality.metrics` defines them.
    gaps, all_gaps : int
        How many gaps were filled and scored, and how many there are.
    seconds : float
        For filling and storing them.
    target : Path
        The interpolated movie.
    """

    method: str
    psnr: float
    ssim: float
    gaps: int
    all_gaps: int
    seconds: float
    target: Path


@dataclass(frozen=True)
class Demo:
    """What a demonstration left behind.

    Attributes
    ----------
    truth, input : Path
        The whole movie, and the same with every second frame dropped.
    scores : tuple of Score
        Best first.
    """

    truth: Path
    input: Path
    scores: tuple[Score, ...]


def demo(movie: str | Path | None, folder: Path, *, overwrite: bool, watch: Watch) -> Demo:
    """Drop every second frame of a movie, predict it with every method, compare.

    Parameters
    ----------
    movie : str or Path or None
        One's own movie; None makes a small realistic one.
    folder : Path
        Where everything is written.
    overwrite : bool
        Replace what an earlier demonstration left there.
    watch : callable
        Given a title, returns a context manager around a progress callback.

    Raises
    ------
    CafiError
        If the movie has fewer than three frames along time, or the folder may not be written.
    """
    from cafi.interpolators.registry import installed
    from cafi.movie.options import ReadOptions
    from cafi.movie.reading import open_movie
    from cafi.quality.heldout import hold_out, kept_movie

    truth = _simulated(folder, overwrite, watch) if movie is None else Path(movie)
    with open_movie(truth, ReadOptions()) as whole:
        seen = kept_movie(whole, hold_out(whole, 2))
        half = _write(seen, folder / "input_every_second_frame.ome.tif", overwrite, watch)
        scores = [_score(name, whole, half, folder, overwrite, watch) for name in installed()]
    return Demo(truth, half, tuple(sorted(scores, key=lambda score: -score.psnr)))


def _simulated(folder: Path, overwrite: bool, watch: Watch) -> Path:
    """Write the simulated movie, and return where."""
    from cafi.simulation.movies import simulate_movie

    frames = simulate_movie(SIMULATED).frames.numpy().astype(np.uint16)
    movie = memory_movie("simulated cells", frames[:, None], ("simulated fluorescence",))
    return _write(movie, folder / "simulated.ome.tif", overwrite, watch)


def _write(movie: Movie, target: Path, overwrite: bool, watch: Watch) -> Path:
    from cafi.movie.options import WriteOptions
    from cafi.movie.writing import write_movie
    from cafi.movie.writing.replacing import refuse_taken

    refuse_taken(target, overwrite=overwrite)
    with watch(f"writing {target.name}") as on_progress:
        write_movie(movie, target, WriteOptions(), on_progress=on_progress)
    return target


def _held_out_table(times: NDArray[np.float64] | None, count: int) -> FrameTable:
    """The timeline of all frames of a movie of which only every second was kept.

    Held-out frames keep their own true times, which need not lie in the middle of their gaps.
    """
    positions = np.arange(count, dtype=np.float64) if times is None else times
    positions = positions[: count - (count + 1) % 2]
    index = np.arange(len(positions))
    kept = positions[::2]
    left = index // 2
    end = kept[np.minimum(left + 1, len(kept) - 1)]
    inside = index % 2 == 1
    fraction = np.where(inside, (positions - kept[left]) / np.where(inside, end - kept[left], 1.0), 0.0)
    kind = np.where(inside, INTERPOLATED, ACQUIRED).astype(np.uint8)
    unit = "frame" if times is None else "s"
    return FrameTable("t", unit, positions, kind, left, fraction, kept)


def _score(method: str, whole: Movie, half: Path, folder: Path, overwrite: bool, watch: Watch) -> Score:
    from cafi.movie.options import ReadOptions
    from cafi.movie.reading import open_movie

    target = folder / f"{method}.ome.tif"
    with open_movie(half, ReadOptions()) as movie:
        table = _held_out_table(whole.header.times, whole.header.size.t)
        job = replace(plan(movie, half, _run(method)), table=table, messages=())
        gaps = _affordable_gaps(job)
        job = replace(job, table=table.with_gaps(gaps))
        with watch(f"{method}: {len(gaps)} of {len(table.source_positions) - 1} gaps") as on_progress:
            started = time.monotonic()
            execute(job, target, resume=False, overwrite=overwrite, on_progress=on_progress)
            seconds = time.monotonic() - started
    psnr, ssim = _compare(whole, target, gaps)
    return Score(method, psnr, ssim, len(gaps), len(table.source_positions) - 1, seconds, target)


def _run(method: str) -> Run:
    return describe_run(method=method, max_gap="none", checks=False)


def _affordable_gaps(job: Job) -> list[int]:
    """All gaps, or a fixed, seeded choice of as many as the method fills in its share of time."""
    from cafi.engine.normalisation import measure
    from cafi.engine.windows import Window, work

    count = len(job.table.source_positions) - 1
    normalisation = measure(job.movie)
    context = job.predictor.interpolator.context
    items = work(job.movie, job.table, normalisation, context, lambda _: False)
    window = next(item for item in items if isinstance(item, Window))
    # The first call pays for loading; the second is what one gap costs.
    job.predictor.predict([window])
    started = time.monotonic()
    job.predictor.predict([window])
    each = (time.monotonic() - started) * job.movie.header.size.z
    affordable = max(1, int(SHARE / max(each, 1e-9)))
    if affordable >= count:
        return list(range(count))
    return sorted(np.random.default_rng(SEED).choice(count, affordable, replace=False).tolist())


def _compare(whole: Movie, target: Path, gaps: list[int]) -> tuple[float, float]:
    """Score the predicted frames of these gaps; means over channels and depths, then over frames."""
    from cafi.movie.options import ReadOptions
    from cafi.movie.reading import open_movie
    from cafi.quality.metrics import psnr, ssim
    from cafi.quality.metrics.ranges import grey, movie_range

    size = whole.header.size
    scales = [movie_range(whole, c) for c in range(size.c)]
    with open_movie(target, ReadOptions()) as made:
        table = made.header.frames
        if table is None:
            raise ValueError(f"{target} has lost its frame table")
        scores = []
        for t in np.flatnonzero(~table.acquired & np.isin(table.left, gaps)):
            truth_t = 2 * int(table.left[t]) + 1
            for z in range(size.z):
                truth, prediction = whole.frame(truth_t, z), made.frame(int(t), z)
                for c, scale in enumerate(scales):
                    pair = (grey(truth[c]), grey(prediction[c]))
                    scores.append((psnr(*pair, scale), ssim(*pair, scale)))
    mean = np.mean(scores, axis=0)
    return float(mean[0]), float(mean[1])
