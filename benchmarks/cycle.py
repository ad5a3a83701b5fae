"""Cycle consistency over two gaps: predictions around an acquired frame lead back to it, or do not.

The frame between two neighbouring gaps is predicted again from what was predicted in the middle of both, along their
optical flow, and compared with what was measured. How well that ranks gaps by their true error is set beside what the
other warnings look at; and what the gaps that are warned of are really like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from benchmarks.faults import SIDE
from benchmarks.verdict import recorded, simulated
from benchmarks.windows import registered
from cafi.interpolators.classical.dis import one_opencv_thread
from cafi.quality.verdict import ASTRAY, LEAST_ASTRAY
from cafi.quality.warnings.cycle import cycle
from cafi.quality.warnings.gap import check
from cafi.quality.warnings.structure import spots

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Frames = NDArray[np.float32]

METHODS = ("kymo", "optical_flow")
WORSE = 1.3  # times the median error of a movie
GAPS, LEAST = 8, 5  # in a row at most; gaps of a movie that can be ranked
SIZE = 1.8  # pixels, of the structure that is compared, as in the warnings
KNOWN = ("unmatched", "unlike", "contradicting", "score", "travel", "lost")


def report(folder: Path) -> None:
    """Print rank correlations with the true error within movies, and what cycles add to the other measures."""
    with one_opencv_thread():
        movies = [recorded(path) for path in sorted(folder.glob("*.tif"))] + [simulated(v, seed=1)[0] for v in (3, 7)]
        print("\n| method | gaps | cycle | " + " | ".join(KNOWN) + " | cycle, beyond all others |")
        print("|---" * (len(KNOWN) + 4) + "|")
        warned = {}
        for method in METHODS:
            measured = [rows for m in movies if len(rows := _gaps(m, method)) >= LEAST]
            ranked = [_ranks(rows) for rows in measured]
            told = np.mean([np.nan_to_num(r[:, 1:].T @ r[:, 0] / len(r)) for r in ranked], axis=0)
            every = np.concatenate(ranked)
            others = every[:, 2:]
            error, cycle = (v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in every[:, :2].T)
            added = float(error @ cycle / np.sqrt((error @ error) * (cycle @ cycle)))
            cells = " | ".join(f"{v:+.2f}" for v in (*told, added))
            print(f"| {method} | {len(every)} | {cells} |", flush=True)
            warned[method] = _warned(measured)
        print("\n| method | gaps | warned of | their error | of them much worse than usual | of all gaps |")
        print("|---" * 6 + "|")
        for method, (errors, flagged) in warned.items():
            worse = errors > WORSE
            told = f"{np.median(errors[flagged]):.1f} | {worse[flagged].mean():.0%}" if flagged.any() else "- | -"
            print(f"| {method} | {len(errors)} | {flagged.sum()} | {told} | {worse.mean():.0%} |", flush=True)


def _gaps(frames: Frames, method: str) -> NDArray[np.float64]:
    """One row for each gap: its true error, its cycle error, and what warnings measure."""
    kept = np.ascontiguousarray(frames[::2, None, :SIDE, :SIDE])
    count = min(len(kept) - 1, GAPS)
    made = [registered(method)(kept, gap, 0.5) for gap in range(count)]
    cycles = [cycle(made[i - 1].mean, made[i].mean, kept[i], 0.5)[0] for i in range(1, count)]
    rows = []
    for gap in range(count if cycles and len(frames) > 2 * count - 1 else 0):
        (seen,) = check(kept[gap], kept[gap + 1], 0.5, made[gap].mean, gap, 0, motion=made[gap].motion)
        lost = (seen.appeared + seen.vanished) / max(seen.things, 1)
        known = (seen.unmatched, seen.unlike, seen.contradicting, seen.score, seen.travel, lost)
        error = float(np.mean(np.square(spots(made[gap].mean[0] - frames[2 * gap + 1, :SIDE, :SIDE], SIZE))))
        rows.append((error, float(np.mean(cycles[max(gap - 1, 0) : gap + 1])), *known))
    return np.array(rows)


def _warned(measured: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """For each gap its true error, in medians of its movie, and whether its cycle is a reason to warn."""
    errors = [rows[:, 0] / np.median(rows[:, 0]) for rows in measured]
    limits = [max(LEAST_ASTRAY, ASTRAY * float(np.median(rows[:, 1]))) for rows in measured]
    flagged = [rows[:, 1] > limit for rows, limit in zip(measured, limits, strict=True)]
    return np.concatenate(errors), np.concatenate(flagged)


def _ranks(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks of each column, with mean 0 and standard deviation 1; 0 where all are equal."""
    ranks = rankdata(rows, axis=0)
    return np.asarray((ranks - ranks.mean(0)) / np.maximum(ranks.std(0), 1e-9))
