"""Every registered method and the DIS reference on real movies: drop frames, predict them, score them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

import cafi
from benchmarks import reference_dis
from cafi.engine.normalisation import Normalisation
from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.metrics import intensity_range, psnr, ssim
from cafi.quality.metrics.ranges import movie_range
from cafi.quality.mixing import mixed
from cafi.quality.prediction import predict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.model import Movie
    from cafi.quality.results import HeldOut, Target

REFERENCES = {
    "reference DIS": reference_dis.predict,
    "reference DIS, own flows": reference_dis.predict_own,
}
REDUCED = tuple(name for name in registry.installed() if name.endswith("-small"))
CHOOSING = (
    "beads_brightfield",
    "cancer_migration",
    "embryo_lightsheet",
    "golgi_confocal",
    "mitosis_two_channels",
    "platelets_intravital",
)


def report(folder: Path, steps: tuple[int, ...] = (2, 3, 4)) -> None:
    """Print a table for each rate: PSNR and SSIM of all methods but the reduced networks on each movie of a folder."""
    names = (*(name for name in registry.installed() if name not in REDUCED), *REFERENCES)
    for step in steps:
        _report_gains(_report_scores(folder, step, names), step)


def report_reduced(folder: Path) -> None:
    """Print the same of the reduced networks, which take half an hour, with every second frame dropped alone."""
    _report_scores(folder, 2, REDUCED)


def _report_scores(folder: Path, step: int, names: tuple[str, ...]) -> dict[str, dict[str, tuple[float, float]]]:
    """Print two tables, and return scores by movie and method."""
    rows = {path.stem: score_movie(path, step, names) for path in sorted(folder.glob("*.tif"))}
    rows = {name: row for name, row in rows.items() if row}
    mean = {m: tuple(np.mean([row[m] for row in rows.values()], axis=0)) for m in names}
    for measure, digits in (("PSNR", 2), ("SSIM", 4)):
        print(f"\n{measure}, {step - 1} of {step} frames dropped\n")
        print("| movie | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
        for name, row in (rows | {"mean": mean}).items():
            print(f"| {name} | " + " | ".join(f"{row[m][measure == 'SSIM']:.{digits}f}" for m in names) + " |")
    print(json.dumps({"step": step, "scores": rows}), flush=True)
    return rows


def _report_gains(rows: dict[str, dict[str, tuple[float, float]]], step: int) -> None:
    """Print how far Kymo lies above the classical bar, the better of optical_flow and DIS movie by movie."""
    gains = {name: _gain(row) for name, row in rows.items()}
    groups = {
        "movies for choosing": [name for name in gains if name in CHOOSING],
        "other movies": [name for name in gains if name not in CHOOSING],
        "all": list(gains),
    }
    print(f"\nkymo, {step - 1} of {step} frames dropped: gain over the classical bar, and over linear\n")
    print("| movies | PSNR, dB | SSIM | PSNR over linear, dB | least PSNR over the best classical method, dB |")
    print("|---|---|---|---|---|")
    for group, members in groups.items():
        if members:
            found = np.array([gains[name] for name in members])
            p, s, linear, _ = found.mean(0)
            print(f"| {group} | {p:+.2f} | {s:+.4f} | {linear:+.2f} | {found[:, 3].min():+.2f} |")


def _gain(row: dict[str, tuple[float, float]]) -> tuple[float, float, float, float]:
    bar = [row[name] for name in ("optical_flow", "reference DIS", "reference DIS, own flows")]
    classical = [*bar, *(row[name] for name in ("duplicate", "linear", "cubic"))]
    psnr_, ssim_ = row["kymo"]
    best = max(p for p, _ in classical)
    return psnr_ - max(p for p, _ in bar), ssim_ - max(s for _, s in bar), psnr_ - row["linear"][0], psnr_ - best


def score_movie(path: Path, step: int, names: tuple[str, ...] | None = None) -> dict[str, tuple[float, float]]:
    """Return mean PSNR and SSIM of these methods (all by default), or nothing if no gap is left."""
    with cafi.read(path) as movie:
        pixels = np.stack([movie.frame(t, 0) for t in range(movie.header.size.t)])
    if len(pixels) <= step:
        return {}
    whole = array_movie(pixels[:, :, None])
    held_out = hold_out(whole, step)
    normalisation = seen_range(pixels[::step])
    scales = [movie_range(whole, c) for c in range(pixels.shape[1])]
    scores = {}
    for name in (*registry.installed(), *REFERENCES) if names is None else names:
        if name in REFERENCES:
            made = _reference(REFERENCES[name], whole, held_out, normalisation)
        else:
            method = mixed(registry.get(name), kept_movie(whole, held_out), normalisation=normalisation)
            found = predict(method, whole, held_out, normalisation=normalisation)
            made = ((target, predicted.mean) for target, predicted in found)
        found = [
            (psnr(a, b, s), ssim(a, b, s))
            for target, mean in made
            for a, b, s in zip(pixels[target.frame], mean, scales, strict=True)
        ]
        scores[name] = tuple(float(v) for v in np.mean(found, axis=0))
    return scores


def seen_range(kept: NDArray[Any]) -> Normalisation:
    """Normalise by the percentiles of all pixels of the kept frames (T, C, Y, X); the engine takes a sample of them."""
    seen = [intensity_range(kept[:, c]) for c in range(kept.shape[1])]
    return Normalisation(np.array([s.low for s in seen]), np.array([s.width for s in seen]))


def _reference(
    method: Any, movie: Movie, held_out: HeldOut, normalisation: Normalisation
) -> Iterator[tuple[Target, NDArray[Any]]]:
    """Predict channel by channel with a function of the two normalised ends of a gap and t."""
    for target in held_out.targets:
        ends = (normalisation.apply(movie.frame(held_out.kept[target.gap + i], 0)) for i in (0, 1))
        made = np.stack([method(a, b, target.t) for a, b in zip(*ends, strict=True)])
        yield target, normalisation.undo(made, movie.header.dtype)
