"""Is a plan right? The interval recommended from the first half of a movie is checked on its second half.

Real movies are cut to the liveliest 128 px of their first channel, and simulated ones are as large, so that this takes
minutes. The bounds of quality that are tried are fixed; those that no interval keeps in either half or all
in the second tell nothing and are left out. Both halves are scored by the intensity range of the first.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter

import cafi
from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.planning.advice import judge, longest
from cafi.planning.bounds import Bound
from cafi.planning.measuring import GapScore, Pilot, gap_starts
from cafi.planning.plan import FEWEST_GAPS, UNSTEADY
from cafi.simulation.movies import simulate_movie
from cafi.simulation.options import SimulationOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

METHODS = ("linear", "optical_flow", "kymo")
INTERVALS, GAPS, SIDE, CONFIDENCE = (2, 3, 4, 6), 6, 128, 0.95
BOUNDS = {
    "attained": [0.4 + 0.02 * i for i in range(30)],
    "ssim": [0.2 + 0.02 * i for i in range(40)],
    "psnr": [16 + 0.5 * i for i in range(49)],
}
SCENES = ("mixed", "particles", "filaments", "cells", "tissue", "rods")

Scores = dict[str, list[GapScore]]  # by 'half metric'
Measured = tuple[int, float, Scores]  # frames and unsteadiness of the first half, scores of both


def report(folder: Path, dump: Path | None = None) -> None:
    """Print how often the recommendation was right, and how far it stayed below the best possible one."""
    found: dict[str, Measured] = {}
    for name, pixels in _movies(folder):
        found[name] = _measure(pixels)
        if dump is not None:
            with dump.open("a") as file:
                frames, change, scores = found[name]
                lines = {key: [asdict(score) for score in values] for key, values in scores.items()}
                file.write(json.dumps([name, frames, change, lines]) + "\n")
    summarise(found)


def summarise(found: dict[str, Measured]) -> None:
    """Print a row for each metric and kind of movie."""
    print("\nthe interval recommended from the first half, checked on the second\n")
    print("| bound on | movies | cases | recommended | right | share right | share right, by movie |", end="")
    print(" interval, mean | best possible |\n|" + "---|" * 9)
    for metric, values in BOUNDS.items():
        for kind in ("real", "simulated", "all"):
            names = [name for name in found if kind == "all" or name.startswith("simulated") == (kind == "simulated")]
            cases = [(n, *c) for n in names for v in values if (c := check(found[n], Bound(metric, v))) is not None]
            taken = [(n, right) for n, interval, _, right in cases if interval > 1]
            if not taken:
                continue
            by_movie = [np.mean([right for n, right in taken if n == name]) for name in {n for n, _ in taken}]
            right = sum(r for _, r in taken)
            print(
                f"| {metric} | {kind}, {len(names)} | {len(cases)} | {len(taken)} | {right} |"
                f" {right / max(len(taken), 1):.0%} | {np.mean(by_movie):.0%} |"
                f" {np.mean([c[1] for c in cases]):.2f} | {np.mean([c[2] for c in cases]):.2f} |"
            )


def check(measured: Measured, bound: Bound) -> tuple[int, int, bool] | None:
    """Return the recommended and the best possible interval, and whether the recommendation is right; or None.

    Right is a recommendation whose mean quality on the second half keeps the bound; to capture every frame always is.
    """
    first, change, scores = measured
    groups = [s for s in _grouped(scores[f"first {bound.metric}"]) if (first - 1) // s[0].interval >= FEWEST_GAPS]
    points = [judge(s, first, bound, CONFIDENCE) for s in groups]
    true = {
        (s[0].method, s[0].interval): float(np.mean([g.value for g in s]))
        for s in _grouped(scores[f"second {bound.metric}"])
        if (first - 1) // s[0].interval >= FEWEST_GAPS
    }
    limits = longest(p for p in points if (p.method, p.interval) in true)
    interval = max(limits.values(), default=1) if change <= UNSTEADY else 1
    best = [p for p in points if p.interval == interval == limits[p.method]]
    possible = max((k for (_, k), value in true.items() if value >= bound.least), default=1)
    if interval == possible == 1 or min(true.values()) >= bound.least:
        return None
    if interval == 1:
        return 1, possible, True
    method = max(best, key=lambda p: p.quality).method
    return interval, possible, true[method, interval] >= bound.least


def _grouped(scores: list[GapScore]) -> list[list[GapScore]]:
    groups: dict[tuple[str, int], list[GapScore]] = defaultdict(list)
    for score in scores:
        groups[score.method, score.interval].append(score)
    return list(groups.values())


def _measure(pixels: NDArray[np.generic]) -> Measured:
    """Score every method at every interval on both halves of a movie (T, C, Y, X)."""
    middle = len(pixels) // 2
    halves = {"first": pixels[:middle], "second": pixels[middle:]}
    scores: Scores = {f"{half} {metric}": [] for half in halves for metric in BOUNDS}
    scales, change = None, 1.0
    for half, part in halves.items():
        pilot = Pilot(array_movie(part[:, :, None]), scales)
        if scales is None:
            scales, change = pilot.scales, pilot.unsteadiness()
        for method in METHODS:
            for interval in INTERVALS:
                starts = gap_starts(len(part), interval, GAPS)
                values: dict[tuple[str, int], list[float]] = defaultdict(list)
                for start, frame, mean in pilot.predicted(registry.get(method), interval, starts, None):
                    likeness = pilot.score("ssim", frame, mean)
                    values["ssim", start].append(likeness)
                    values["attained", start].append(likeness / pilot.attainable(frame, 0))
                    values["psnr", start].append(pilot.score("psnr", frame, mean))
                for (metric, start), v in sorted(values.items()):
                    scores[f"{half} {metric}"].append(GapScore(method, interval, start, float(np.mean(v))))
    return middle, change, scores


def _movies(folder: Path) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Real movies of which half is enough for a plan, and simulated ones; (T, C, Y, X)."""
    for path in sorted(folder.glob("*.tif")):
        with cafi.read(path) as movie:
            pixels = np.stack([movie.frame(t, 0)[:1] for t in range(movie.header.size.t)])
        if len(pixels) >= 2 * (2 * FEWEST_GAPS + 1):
            yield path.stem, _liveliest(pixels)
    for scene in SCENES:
        for speed in (1.0, 3.0, 6.0):
            options = SimulationOptions(scene=scene, frames=30, side=SIDE, speed=speed, noise=0.05, seed=3)
            yield f"simulated {scene} {speed:g}", simulate_movie(options).frames.numpy().astype(np.uint16)[:, None]


def _liveliest(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """The square in which intensities vary most over time."""
    lively = uniform_filter(pixels.astype(np.float64).std(0).mean(0), SIDE, mode="nearest")
    half = SIDE // 2
    height, width = lively.shape
    inner = lively[half : max(half + 1, height - half), half : max(half + 1, width - half)]
    y, x = np.unravel_index(inner.argmax(), inner.shape)
    return pixels[..., y : y + SIDE, x : x + SIDE]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=Path, default=Path("../shared/movies"), help="folder of real movies")
    parser.add_argument("--dump", type=Path, help="file to which every score is appended, a JSON line for each movie")
    chosen = parser.parse_args()
    report(chosen.movies, chosen.dump)
