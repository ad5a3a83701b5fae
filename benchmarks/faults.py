"""Faults planted into predictions of real and simulated movies: how many are found, and where.

The detector sees the acquired ends of the gap and the prediction, never the truth. Its threshold is fixed on one half
of the movies and reported on the other, both ways round. Clean frames are predictions as they are, with whatever is
wrong in them by nature; how much that is, a judge shows that knows the frame which was held back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.methods import CHOOSING
from benchmarks.verdict import recorded, simulated
from benchmarks.windows import registered
from cafi.interpolators.classical.dis import one_opencv_thread
from cafi.quality.faults import KINDS, plant
from cafi.quality.warnings import implausible
from cafi.quality.warnings.ends import look, small_motion
from cafi.quality.warnings.structure import Picture, spot_noise, spots

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.quality.warnings.ends import Ends

    Frames = NDArray[np.float32]

METHODS = ("kymo", "optical_flow", "linear")
SIGMAS = (3, 5, 10, 20)
SIDE, GAPS = 160, 4
PLANTED = 5  # faults of each kind and height in each frame, one at a time
HIT = 8.0  # pixels
CLEAN = 0.05  # of the clean frames that may be flagged

KNOWING = "knowing the truth: "

Key = tuple[str, str, int]  # method or who judges it by the truth, kind of fault or 'clean', sigmas
Found = dict[Key, list[tuple[float, bool]]]  # ratio to the movie's usual score, and whether the place is right


def report(folder: Path, figure: Path | None = None) -> None:
    """Print, for each method and kind of fault, the share that is found; draw it against the height of the fault."""
    with one_opencv_thread():
        movies = {path.stem: _movie(recorded(path)) for path in sorted(folder.glob("*.tif"))}
        movies |= {f"simulation, V = {v}": _movie(simulated(v, seed=1)[0]) for v in (3, 7)}
    halves = [[m for n, m in movies.items() if (n in CHOOSING or n.endswith("3")) == first] for first in (True, False)]
    judged = [*METHODS, *(KNOWING + method for method in METHODS)]
    limits = [{who: _limit(half, who) for who in judged} for half in halves]
    print("\n| method | clean frames flagged | " + " | ".join(f"{k}, {s} sigma" for k in KINDS for s in (5, 10)) + " |")
    print("|---" * (2 + 2 * len(KINDS)) + "|")
    for who in judged:
        _row(who, halves, limits, (0, 1))
    print("\nThe movies alone that were not for choosing:\n")
    for who in METHODS:
        _row(who, halves, limits, (1,))
    print(f"\nthresholds, times the usual score: {limits}")
    if figure is not None:
        every = {m: {(k, s): _caught(halves, limits, (m, k, s)) for k in KINDS for s in SIGMAS} for m in METHODS}
        _draw(every, figure)


def _movie(frames: Frames) -> Found:
    """Plant faults into the predictions of a movie (T, Y, X), of which every second frame is seen."""
    kept = np.ascontiguousarray(frames[::2, None, :SIDE, :SIDE])
    random = np.random.default_rng(7)
    found: Found = {}
    for gap in np.unique(np.linspace(0, len(kept) - 2, GAPS).round().astype(int)).tolist():
        ends, truth = look(kept[gap, 0], kept[gap + 1, 0], 0.5), frames[2 * gap + 1, :SIDE, :SIDE]
        for method in METHODS:
            made = registered(method)(kept, gap, 0.5)
            mean = made.mean[0]
            judge = implausible.Judge(ends, None if made.motion is None else small_motion(made.motion))
            found.setdefault((method, "clean", 0), []).append((judge.find(Picture(mean)).score, True))
            found.setdefault((KNOWING + method, "clean", 0), []).append((_worst(ends, mean - truth)[0], True))
            for kind in KINDS * PLANTED:
                for sigmas in SIGMAS:
                    planted = plant(kind, mean, ends.noise, sigmas, random.uniform(3, 9), random)
                    if planted is None:
                        continue
                    place = judge.find(Picture(planted.plane))
                    for who, score, y, x in (
                        (method, place.score, place.y, place.x),
                        (KNOWING + method, *_worst(ends, planted.plane - truth)),
                    ):
                        near = bool(np.hypot(y - planted.y, x - planted.x) <= HIT)
                        found.setdefault((who, kind, sigmas), []).append((score, near))
    clean = {who: [score for score, _ in pairs] for (who, kind, _), pairs in found.items() if kind == "clean"}
    usual = {who: max(implausible.USUAL, float(np.median(scores))) for who, scores in clean.items()}
    return {key: [(score / usual[key[0]], near) for score, near in pairs] for key, pairs in found.items()}


def _worst(ends: Ends, error: Frames) -> tuple[float, int, int]:
    """The largest error of a prediction (Y, X) against what was measured, in noise standard deviations, and where."""
    edge = implausible.BORDER
    sizes = [np.abs(spots(error, size)) / spot_noise(ends.noise, size) for size in implausible.SIZES]
    inner = np.max(sizes, axis=0)[edge:-edge, edge:-edge]
    y, x = np.unravel_index(int(inner.argmax()), inner.shape)
    return float(inner[y, x]), int(y) + edge, int(x) + edge


def _limit(half: list[Found], method: str) -> float:
    scores = [ratio for movie in half for ratio, _ in movie[method, "clean", 0]]
    return float(np.quantile(scores, 1 - CLEAN))


def _row(who: str, halves: list[list[Found]], limits: list[dict[str, float]], of: tuple[int, ...]) -> None:
    cells = [_cell(_caught(halves, limits, (who, "clean", 0), of))]
    cells += [_cell(_caught(halves, limits, (who, k, s), of)) for k in KINDS for s in (5, 10)]
    print(f"| {who} | " + " | ".join(cells) + " |", flush=True)


def _caught(
    halves: list[list[Found]], limits: list[dict[str, float]], key: Key, of: tuple[int, ...] = (0, 1)
) -> list[bool]:
    """What is flagged, at the right place, in these halves, each by the threshold of the other."""
    return [
        near and ratio > max(limits[1 - h][key[0]], 1e-3)
        for h in of
        for movie in halves[h]
        for ratio, near in movie.get(key, [])
    ]


def _cell(caught: list[bool]) -> str:
    return f"{np.mean(caught):.0%} of {len(caught)}" if caught else "-"


def _draw(curves: dict[str, dict[tuple[str, int], list[bool]]], figure: Path) -> None:
    from matplotlib import pyplot

    colours = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000")
    drawn, axes = pyplot.subplots(1, len(METHODS), figsize=(10, 3.4), sharey=True, layout="constrained")
    for ax, method in zip(axes, METHODS, strict=True):
        for kind, colour, mark in zip(KINDS, colours, "osv^D", strict=True):
            told = [s for s in SIGMAS if curves[method][kind, s]]
            share = [100 * float(np.mean(curves[method][kind, s])) for s in told]
            ax.plot(told, share, marker=mark, color=colour, label=kind)
        ax.axhline(80, color="0.7", linewidth=1, zorder=0)
        ax.set(title=method, ylim=(-3, 103), xscale="log")
        ax.set_xticks(SIGMAS, [str(s) for s in SIGMAS])
        ax.minorticks_off()
    drawn.supxlabel("height of the fault, noise standard deviations", fontsize=10)
    axes[0].set_ylabel("found within 8 px, %")
    axes[0].legend(frameon=False, fontsize=8)
    drawn.savefig(figure, dpi=110)
