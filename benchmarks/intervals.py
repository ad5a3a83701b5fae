"""Intervals on real movies: coverage and width on blocks of time that calibration did not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import cafi
from cafi.engine.interpolation import prepare
from cafi.engine.normalisation import measure
from cafi.engine.options import EngineOptions
from cafi.interpolators import registry
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.intervals.calibration import LEAST_GAPS, LEVEL, by_decile, calibrate, interval, interval_scores
from cafi.quality.intervals.sampling import collect

if TYPE_CHECKING:
    from pathlib import Path

    from cafi.quality.intervals.calibration import Sample

BLOCKS = 4


def report(folder: Path, methods: tuple[str, ...] = ("kymo", "optical_flow", "linear")) -> None:
    """Print one row for each movie, channel and method."""
    print("\nnominal 90 %, every second frame held out, cross-validated over four blocks of time\n")
    print(
        "| movie, channel | method | gaps | coverage | least by intensity | least by motion | score / constant width |"
    )
    print("|---|---|---|---|---|---|---|")
    for path in sorted(folder.glob("*.tif")):
        for method in methods:
            for c, samples in enumerate(_samples(path, method)):
                row = crossvalidate(samples) if len(samples) >= LEAST_GAPS else None
                words = "too short to calibrate | | | " if row is None else " | ".join(row)
                print(f"| {path.stem}, {c} | {method} | {len(samples)} | {words} |", flush=True)


def crossvalidate(samples: list[Sample]) -> tuple[str, str, str, str]:
    """Calibrate without each of four blocks of time in turn, and measure on it."""
    inside, scores, constant = [], [], []
    parts = np.array_split(np.arange(len(samples)), BLOCKS)
    tested = [samples[i] for part in parts for i in part]
    for part in parts:
        rest = [s for i, s in enumerate(samples) if i not in part]
        made = calibrate(rest, least=1)
        assert made is not None
        block = [samples[i] for i in part]
        for sample in block:
            lower, upper = interval(made.model, made.widening, sample.features)
            inside.append((lower <= sample.error) & (sample.error <= upper))
        scores.append(interval_scores(made.model, made.widening, block, LEVEL))
        half = np.quantile(np.abs(np.concatenate([s.error for s in rest])), LEVEL)
        errors = np.abs(np.concatenate([s.error for s in block]))
        constant.append(2 * half + 2 / (1 - LEVEL) * np.maximum(errors - half, 0))
    covered = np.concatenate(inside)
    by_intensity = by_decile(np.concatenate([s.features.intensity for s in tested]), covered)
    by_motion = by_decile(np.concatenate([s.features.motion for s in tested]), covered)
    ratio = np.concatenate(scores).mean() / np.concatenate(constant).mean()
    return f"{covered.mean():.3f}", f"{min(by_intensity):.3f}", f"{min(by_motion):.3f}", f"{ratio:.3f}"


def _samples(path: Path, method: str) -> list[list[Sample]]:
    """Sample every held-out frame of a movie, for each channel."""
    with cafi.read(path) as movie:
        held_out = hold_out(movie, 2)
        seen = kept_movie(movie, held_out)
        predictor = prepare(registry.get(method), seen.header, EngineOptions())
        return collect(predictor, movie, held_out, measure(seen), _unwatched, seconds=float("inf"))


def _unwatched(_done: int, _total: int) -> None:
    return
