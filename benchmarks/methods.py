"""Every registered method and the DIS reference on real movies: drop frames, predict them, score them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

import cafi
from benchmarks import reference_dis
from cafi.engine.normalisation import Normalisation
from cafi.interpolators import registry
from cafi.quality.metrics import intensity_range, psnr, ssim

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Method = Callable[[NDArray[np.float32], int, float], NDArray[np.float32]]


CHOOSING = (
    "beads_brightfield",
    "cancer_migration",
    "embryo_lightsheet",
    "golgi_confocal",
    "mitosis_two_channels",
    "platelets_intravital",
)


def report(folder: Path, steps: tuple[int, ...] = (2, 3, 4)) -> None:
    """Print a table for each rate: PSNR and SSIM of every method on every movie of a folder."""
    for step in steps:
        rows = {path.stem: score_movie(path, step) for path in sorted(folder.glob("*.tif"))}
        rows = {name: row for name, row in rows.items() if row}
        names = list(next(iter(rows.values())))
        rows["mean"] = {m: tuple(np.mean([row[m] for row in rows.values()], axis=0)) for m in names}
        for measure, digits in (("PSNR", 2), ("SSIM", 4)):
            print(f"\n{measure}, {step - 1} of {step} frames dropped\n")
            print("| movie | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
            for name, row in rows.items():
                print(f"| {name} | " + " | ".join(f"{row[m][measure == 'SSIM']:.{digits}f}" for m in names) + " |")
        print(json.dumps({"step": step, "scores": rows}))
        del rows["mean"]
        _report_gains(rows, step)


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
    kept = pixels[::step]
    if len(kept) < 2:
        return {}
    scales = [intensity_range(pixels[:, c]) for c in range(pixels.shape[1])]
    seen = [intensity_range(kept[:, c]) for c in range(pixels.shape[1])]
    normalisation = Normalisation(np.array([s.low for s in seen]), np.array([s.width for s in seen]))
    frames = np.stack([normalisation.apply(frame) for frame in kept])
    scores = {}
    for name, method in _methods(names).items():
        found = []
        for gap in range(len(kept) - 1):
            for k in range(1, step):
                made = normalisation.undo(method(frames, gap, k / step), pixels.dtype)
                truth = pixels[gap * step + k]
                found += [(psnr(a, b, s), ssim(a, b, s)) for a, b, s in zip(truth, made, scales, strict=True)]
        scores[name] = tuple(float(v) for v in np.mean(found, axis=0))
    return scores


def _methods(names: tuple[str, ...] | None) -> dict[str, Method]:
    references: dict[str, Method] = {
        "reference DIS": _channelwise(reference_dis.predict),
        "reference DIS, own flows": _channelwise(reference_dis.predict_own),
    }
    methods = {name: registered(name) for name in registry.installed()} | references
    return methods if names is None else {name: methods[name] for name in names}


def registered(name: str) -> Method:
    """Return a registered method as a function of normalised frames (T, C, Y, X), the gap, and t."""
    interpolator = registry.get(name)

    def predict(frames: NDArray[np.float32], gap: int, t: float) -> NDArray[np.float32]:
        wanted = np.arange(gap - interpolator.context + 1, gap + interpolator.context + 1)
        inside = np.clip(wanted, 0, len(frames) - 1)
        height, width = frames.shape[-2:]
        below, right = -height % interpolator.multiple, -width % interpolator.multiple
        window = torch.nn.functional.pad(torch.from_numpy(frames[inside]), (0, right, 0, below), mode="replicate")[None]
        times = torch.from_numpy((inside - gap).astype(np.float32))[None]
        valid = torch.from_numpy(wanted == inside)[None]
        with torch.inference_mode():
            made = interpolator.predict(window, times, torch.tensor([t]), valid).mean[0]
        result: NDArray[np.float32] = made[:, :height, :width].numpy()
        return result

    return predict


def _channelwise(predict: Any) -> Method:
    return lambda frames, gap, t: np.stack(
        [predict(a, b, t) for a, b in zip(frames[gap], frames[gap + 1], strict=True)]
    )
