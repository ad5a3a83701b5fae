"""The published experiments on simulation: tracking gain by velocity, and 16x interpolation step by step.

As Priessner et al. (Nature Methods 2024) describe them, on the movies of `cafi.simulation.particle_benchmark`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out
from cafi.quality.metrics import intensity_range, psnr, ssim
from cafi.quality.prediction import predict
from cafi.quality.tracking.check import FULL_RATE, NULL, check_tracking
from cafi.quality.tracking.spots import make_detector
from cafi.quality.tracking.tracks import from_dense
from cafi.simulation.particle_benchmark import SIGMA, VELOCITIES, particle_movie

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.quality.tracking.check import TrackingRow

METHODS = ("linear", "optical_flow", "kymo")
DIAMETER = 2 * 2**0.5 * SIGMA  # pixels to which a Gaussian of SIGMA answers most
MARGIN = 3.0  # pixels that the greatest step allows for localisation errors
SEEDS = (0, 1)
SIXTEEN, GAPS = 16, 3
SLOW = (0.5, 1.0)  # pixels per frame of the movie of which one frame in sixteen is kept


def report() -> None:
    """Print both experiments as Markdown tables."""
    report_tracking()
    report_sixteen()


def report_tracking(velocities: tuple[int, ...] = VELOCITIES, methods: tuple[str, ...] = METHODS) -> None:
    """Print the tracking measures for every velocity and source of frames; gain is alpha over no interpolation."""
    print(f"\ntracking, every second frame dropped, mean over {len(SEEDS)} movies; against the true paths, gate 5 px\n")
    columns = ("V", "frames", "alpha", "gain", "beta", "JSC", "JSC_theta", "RMSE (px)")
    columns += ("spots per predicted frame", "alpha, kept frames only")
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for velocity in velocities:
        found = [tracked(velocity, seed, methods) for seed in SEEDS]
        base = np.mean([rows[NULL].all_frames.alpha for rows in found])
        for name in (FULL_RATE, NULL, *methods):
            table = [list(rows[name].all_frames.as_dict().values()) for rows in found]
            alpha, beta, jsc, theta, rmse = np.nanmean(table, axis=0)
            spots = np.mean([rows[name].spots_interpolated for rows in found])
            count = "" if np.isnan(spots) else f"{spots:.1f}"
            linking = np.mean([rows[name].acquired_frames.alpha for rows in found])
            print(
                f"| {velocity} | {name} | {alpha:.3f} | {alpha - base:+.3f} | {beta:.3f} | {jsc:.3f} | {theta:.3f}"
                f" | {rmse:.2f} | {count} | {linking:.3f} |",
                flush=True,
            )


def tracked(velocity: float, seed: int, methods: tuple[str, ...]) -> dict[str, TrackingRow]:
    """Track one movie at full rate, without every second frame, and with these frames as methods predict them."""
    made = particle_movie(velocity, seed=seed)
    frames = made.frames.numpy().astype(np.float32)
    movie = array_movie(frames[:, None, None])
    held_out = hold_out(movie, 2)
    detector = make_detector(frames[::2], DIAMETER)
    predicted = {
        name: {t.frame: detector.find(p.mean[0]) for t, p in predict(registry.get(name), movie, held_out)}
        for name in methods
    }
    truth = from_dense(made.places.numpy().astype(np.float64).transpose(1, 0, 2))
    spots = [detector.find(frame) for frame in frames]
    rows = check_tracking(spots, np.array(held_out.kept), predicted, velocity + MARGIN, truth)
    return {row.of: row for row in rows}


def report_sixteen(methods: tuple[str, ...] = METHODS) -> None:
    """Print PSNR and SSIM of the frames that each doubling adds, made by doubling again and again, and at once."""
    print("\n1 of 16 frames kept; the frames that each doubling adds, against the noise-free truth\n")
    columns = (
        "V in the kept movie",
        "doubling",
        "method",
        "repeated PSNR",
        "direct PSNR",
        "repeated SSIM",
        "direct SSIM",
    )
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for velocity in SLOW:
        made = particle_movie(velocity, frames=SIXTEEN * GAPS + 1)
        frames, truth = made.frames.numpy().astype(np.float32), made.truth.numpy()
        scale = intensity_range(truth)
        for name in methods:
            sources = doubled(frames, name), directly(frames, name)
            for step in (8, 4, 2, 1):
                new = range(step, len(frames) - 1, 2 * step)
                scores = [[f(truth[i], source[i], scale) for source in sources for i in new] for f in (psnr, ssim)]
                p, s = (np.mean(np.reshape(values, (2, -1)), axis=1) for values in scores)
                print(
                    f"| {velocity * SIXTEEN:g} | {2 * step} to {step} | {name} | {p[0]:.2f} | {p[1]:.2f}"
                    f" | {s[0]:.3f} | {s[1]:.3f} |",
                    flush=True,
                )


def doubled(frames: NDArray[np.float32], name: str) -> dict[int, NDArray[np.float32]]:
    """Fill gaps of sixteen by doubling four times, each time from acquired and predicted frames alike."""
    known = {i: frames[i] for i in range(0, len(frames), SIXTEEN)}
    for step in (8, 4, 2, 1):
        stack = np.stack([known.get(i, np.zeros_like(frames[0])) for i in range(0, len(frames), step)])
        movie = array_movie(stack[:, None, None])
        for target, found in predict(registry.get(name), movie, hold_out(movie, 2)):
            known[target.frame * step] = found.mean[0].astype(np.float32)
    return known


def directly(frames: NDArray[np.float32], name: str) -> dict[int, NDArray[np.float32]]:
    """Fill gaps of sixteen at once: every frame from the acquired ones, at its own time."""
    movie = array_movie(frames[:, None, None])
    return {t.frame: p.mean[0] for t, p in predict(registry.get(name), movie, hold_out(movie, SIXTEEN))}
