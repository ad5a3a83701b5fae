"""What mixing with linear blending brings on slow movies and costs on others: real ones, and the same made smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import cafi
from benchmarks.methods import seen_range
from cafi.interpolators import registry
from cafi.interpolators.mixed import Mixed
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.metrics import psnr
from cafi.quality.metrics.ranges import movie_range
from cafi.quality.mixing import mixed
from cafi.quality.prediction import predict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Movie

STEPS, SMALLER = (2, 3, 4), (1, 2, 4)
CLASSICAL = ("linear", "optical_flow")


def report(folder: Path) -> None:
    """Print for each movie and size, first channel, what Kymo alone, mixed, and the classical methods reach."""
    print("\nKymo alone and mixed with linear blending; smaller: mean of so many pixels in each direction\n")
    print("| movie | smaller | dropped | share | alone, dB | mixed, dB | linear | optical_flow |\n|" + "---|" * 8)
    rows = [row for path in _paths(folder) for row in _rows(path)]
    for name, smaller, step, share, alone, *others in rows:
        if share:
            scores = " | ".join(f"{score:.2f}" for score in (alone, *others))
            print(f"| {name} | {smaller} | {step - 1} of {step} | {share:.2f} | {scores} |")
    changes = np.array([row[5] - row[4] for row in rows if row[3]])
    print(f"\nno share in {len(rows) - len(changes)} of {len(rows)}; elsewhere {changes.min():+.3f} dB at least")


def _paths(folder: Path) -> list[Path]:
    return [*sorted(folder.glob("*.tif")), *sorted((folder.parent / "formats").glob("timelapse.nd2"))]


def _rows(path: Path) -> Iterator[tuple[str, int, int, float, float, float, float, float]]:
    with cafi.read(path) as movie:
        pixels = np.stack([movie.frame(t, 0)[:1] for t in range(movie.header.size.t)]).astype(np.float32)
    for smaller in SMALLER:
        whole = array_movie(_binned(pixels, smaller)[:, :, None])
        for step in STEPS:
            if len(pixels) > step:
                yield path.stem, smaller, step, *_scores(whole, step)


def _binned(pixels: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    t, c, height, width = pixels.shape
    cut = pixels[..., : height // factor * factor, : width // factor * factor]
    return cut.reshape(t, c, height // factor, factor, width // factor, factor).mean((3, 5))


def _scores(whole: Movie, step: int) -> tuple[float, float, float, float, float]:
    kymo, held_out = registry.get("kymo"), hold_out(whole, step)
    kept = np.stack([whole.frame(t, 0) for t in held_out.kept])
    method = mixed(kymo, kept_movie(whole, held_out), normalisation=seen_range(kept))
    share = method.shares[0] if isinstance(method, Mixed) else 0.0
    return share, *(_psnr(m, whole, step, kept) for m in (kymo, method, *map(registry.get, CLASSICAL)))


def _psnr(method: Interpolator, whole: Movie, step: int, kept: NDArray[np.float32]) -> float:
    scale = movie_range(whole, 0)
    made = predict(method, whole, hold_out(whole, step), normalisation=seen_range(kept))
    return float(np.mean([psnr(whole.frame(target.frame, 0)[0], p.mean[0], scale) for target, p in made]))
