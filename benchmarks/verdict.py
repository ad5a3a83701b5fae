"""The verdict of a run beside the truth: on simulated spots of V = 2 to 13 px per frame, and on real movies."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

import cafi
from benchmarks.particles import detect, matched
from benchmarks.windows import registered
from cafi.interpolators.classical.dis import one_opencv_thread
from cafi.quality.metrics import intensity_range, psnr
from cafi.quality.metrics.ranges import Range
from cafi.quality.verdict import judge
from cafi.quality.warnings.gap import check
from cafi.simulation.particle_benchmark import VELOCITIES, particle_movie

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.windows import Made

    Frames = NDArray[np.float32]

METHODS = ("kymo", "optical_flow", "cubic", "duplicate")
GAPS = 4
GOOD_GAIN, GOOD_RECALL = 0.5, 0.9  # dB over linear, and share of the spots: clearly good
UNIT = Range(0.0, 1.0)


def report(folder: Path) -> None:
    """Print how often each verdict was given to bad, middling and clearly good results.

    Thresholds were fixed on seed 0 of the simulation, and on crops of the real movies at steps 2 and 4.
    """
    counts: dict[str, Counter[str]] = {}
    print("\n| movie | method | gain over linear, dB | spots kept | verdict |\n|---|---|---|---|---|")
    with one_opencv_thread():
        for velocity in VELOCITIES:
            frames, truth, places, unit = simulated(velocity, seed=1)
            _case(f"simulation, V = {velocity}", frames, truth, 2, counts, (places, unit))
        for path in sorted(folder.glob("*.tif")):
            frames = recorded(path)
            if len(frames) >= 7:
                _case(f"{path.stem}, every third frame", frames, frames, 3, counts)
    print("\n| truth | cases | use | use with care | do not use |\n|---|---|---|---|---|")
    for truth_is, found in counts.items():
        words = " | ".join(str(found[w]) for w in ("use", "use with care", "do not use"))
        print(f"| {truth_is} | {sum(found.values())} | {words} |")


def _case(
    name: str,
    frames: Frames,
    truth: Frames,
    step: int,
    counts: dict[str, Counter[str]],
    spots: tuple[NDArray[np.float32], Range] | None = None,
) -> None:
    kept = np.ascontiguousarray(frames[::step, None])
    gaps = np.unique(np.linspace(0, len(kept) - 2, GAPS).round().astype(int)).tolist()
    t, held = (step // 2) / step, [gap * step + step // 2 for gap in gaps]
    linear = [registered("linear")(kept, gap, t) for gap in gaps]
    base = np.mean([psnr(truth[i], made.mean[0], UNIT) for i, made in zip(held, linear, strict=True)])
    for method in METHODS:
        made = [registered(method)(kept, gap, t) for gap in gaps]
        checks = [
            c
            for g, m in zip(gaps, made, strict=True)
            for c in check(kept[g], kept[g + 1], t, m.mean, g, 0, motion=m.motion)
        ]
        word = judge(checks, method, len(gaps)).word
        gain = float(np.mean([psnr(truth[i], m.mean[0], UNIT) for i, m in zip(held, made, strict=True)]) - base)
        recall = None if spots is None else _recall(made, frames[held], spots[0][held], spots[1])
        bad = gain <= 0 or (recall is not None and recall < 0.5)
        good = not bad and gain >= GOOD_GAIN and (recall is None or recall >= GOOD_RECALL)
        truth_is = "bad" if bad else "clearly good" if good else "between"
        counts.setdefault(truth_is, Counter())[word] += 1
        kept_spots = "" if recall is None else f"{recall:.2f}"
        print(f"| {name} | {method} | {gain:+.2f} | {kept_spots} | {word} |", flush=True)


def _recall(made: list[Made], acquired: Frames, places: NDArray[np.float32], unit: Range) -> float:
    """Spots that are found in the predictions, as a share of those found in the frames that were held back."""

    def found(frame: Frames, truth: NDArray[np.float32]) -> int:
        return len(matched(detect(frame * unit.width + unit.low), truth))

    seen = sum(found(frame, p) for frame, p in zip(acquired, places, strict=True))
    return sum(found(m.mean[0], p) for m, p in zip(made, places, strict=True)) / max(seen, 1)


def simulated(velocity: float, seed: int) -> tuple[Frames, Frames, NDArray[np.float32], Range]:
    """Return frames and noise-free truth (T, Y, X), normalised, the places of spots, and the unit of grey values."""
    movie = particle_movie(velocity, seed=seed)
    frames = movie.frames.numpy().astype(np.float32)
    unit = intensity_range(frames[::2])
    normalised = (np.asarray(unit.normalise(v), np.float32) for v in (frames, movie.truth.numpy()))
    return *normalised, movie.places.numpy(), unit  # type: ignore[return-value]


def recorded(path: Path) -> Frames:
    """Return the first channel of a movie (T, Y, X), normalised by its own percentiles."""
    with cafi.read(path) as movie:
        pixels = np.stack([movie.frame(t, 0)[0] for t in range(movie.header.size.t)])
    return np.asarray(intensity_range(pixels).normalise(pixels), np.float32)
