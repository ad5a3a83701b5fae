"""How close simulated movies come to real ones: statistics of both, and how many real ones lie among the simulated."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

import cafi
from cafi.quality.metrics import intensity_range
from cafi.simulation.camera import random_camera
from cafi.simulation.draw import log_uniform
from cafi.simulation.world import simulate_light

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

QUANTILES = (5, 25, 50, 75, 95)
SIDE = 192
TIMES = (-1.0, 0.0, 0.5, 1.0, 2.0)
GAPS = 5  # of a real movie, at most


def report(folder: Path, count: int) -> None:
    """Print quantiles of every statistic over real and simulated movies, and the share of real ones inside 5-95 %."""
    real = [statistics(*clip) for clip in real_clips(folder)]
    simulated = [statistics(*clip) for clip in simulated_clips(count)]
    print(f"\n{len(real)} real channels, {len(simulated)} simulated movies\n")
    columns = ["statistic", "of", *(f"{q} %" for q in QUANTILES), "real inside simulated 5-95 %"]
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for name in real[0]:
        ours, theirs = (np.array([row[name] for row in rows]) for rows in (simulated, real))
        low, high = np.percentile(ours, (5, 95))
        inside = f"{np.mean((theirs >= low) & (theirs <= high)):.0%}"
        for of, values, last in (("real", theirs, inside), ("simulated", ours, "")):
            print(
                f"| {name} | {of} | "
                + " | ".join(f"{v:.3g}" for v in np.percentile(values, QUANTILES))
                + f" | {last} |"
            )


def statistics(pixels: NDArray[np.float32], gaps: list[tuple[int, int]]) -> dict[str, float]:
    """Describe one channel of a movie (T, Y, X) by numbers; ``gaps`` are pairs of frames with one between them."""
    scale = intensity_range(pixels)
    frames = scale.normalise(pixels).astype(np.float32)
    ways = np.concatenate([_displacement(frames[a], frames[b]) for a, b in gaps])
    half, p90, p99 = np.percentile(ways, (50, 90, 99))
    body = np.clip(frames, 0, 1)
    quarter, middle, three = np.percentile(body, (25, 50, 75))
    change = np.mean([np.sqrt(np.mean((frames[b] - frames[a]) ** 2)) for a, b in gaps])
    return {
        "noise (share of range)": float(np.median([_noise(f) for f in frames])),
        "25th percentile": float(quarter),
        "median": float(middle),
        "75th percentile": float(three),
        "excess kurtosis": float(np.mean((body - body.mean()) ** 4) / max(body.var() ** 2, 1e-12) - 3),
        "slope of power spectrum": float(np.median([_slope(f) for f in frames])),
        "displacement, 50th (px)": float(half),
        "displacement, 90th (px)": float(p90),
        "displacement, 99th (px)": float(p99),
        "temporal change (of std)": float(change / max(frames.std(), 1e-6)),
    }


def real_clips(folder: Path) -> Iterator[tuple[NDArray[np.float32], list[tuple[int, int]]]]:
    """Every channel of every movie of a folder, and up to five of its gaps of two frames, evenly spread."""
    for path in sorted(folder.glob("*.tif")):
        with cafi.read(path) as movie:
            pixels = np.stack([movie.frame(t, 0) for t in range(movie.header.size.t)]).astype(np.float32)
        starts = np.unique(np.linspace(0, len(pixels) - 3, GAPS).astype(int))
        for c in range(pixels.shape[1]):
            yield pixels[:, c], [(int(t), int(t) + 2) for t in starts]


def simulated_clips(count: int) -> Iterator[tuple[NDArray[np.float32], list[tuple[int, int]]]]:
    """Clips as networks are trained on: of random worlds, dimmed and recorded by random cameras."""
    for seed in range(count):
        random = torch.Generator().manual_seed(seed)
        light = simulate_light(SIDE, torch.tensor([TIMES]), random)
        light = light * log_uniform((1, 1, 1, 1), 0.35, 1.3, random)
        yield random_camera(1, random).expose(light, random)[0].numpy(), [(1, 3)]


def _noise(frame: NDArray[np.float32]) -> float:
    """Standard deviation of noise from a Laplacian mask that is blind to planes and edges (Immerkaer 1996), robust."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    high = cv2.filter2D(frame, -1, mask)[1:-1, 1:-1] / 6
    return float(np.median(np.abs(high)) / 0.6745)


def _slope(frame: NDArray[np.float32]) -> float:
    """Slope of log power against log frequency between 1/50 and 1/4 of a cycle per pixel, with a Hann window."""
    height, width = frame.shape
    window = np.hanning(height)[:, None] * np.hanning(width)
    power = np.abs(np.fft.fft2((frame - frame.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    edges = np.geomspace(1 / 50, 1 / 4, 13)
    which = np.digitize(frequency, edges)
    means = [power[which == i].mean() for i in range(1, len(edges))]
    centres = np.sqrt(edges[1:] * edges[:-1])
    return float(np.polyfit(np.log(centres), np.log(np.maximum(means, 1e-12)), 1)[0])


def _displacement(first: NDArray[np.float32], last: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lengths of DIS optical flow where there is something to follow, in pixels."""
    a, b = (np.clip(f * 255, 0, 255).round().astype(np.uint8) for f in (first, last))
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(a, b, None)
    soft = cv2.GaussianBlur(first, (0, 0), 2)
    contrast = np.hypot(*np.gradient(soft))
    return np.hypot(flow[..., 0], flow[..., 1])[contrast >= np.median(contrast)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=Path, default=Path("../shared/movies"), help="folder of real movies")
    parser.add_argument("--count", type=int, default=400, help="number of simulated movies")
    chosen = parser.parse_args()
    report(chosen.movies, chosen.count)
