"""Every registered method on the particle benchmark: every second frame is dropped and predicted.

Images are compared with the noise-free truth; spots that are found in them with the true places. The row "acquired"
is the dropped frame as the camera recorded it: what a perfect method without denoising would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.optimize import linear_sum_assignment

from benchmarks.methods import seen_range
from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out
from cafi.quality.metrics import intensity_range, psnr, ssim
from cafi.quality.prediction import predict
from cafi.simulation.particle_benchmark import DETECTOR, PHOTONS, SIGMA, VELOCITIES, particle_movie

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cafi.simulation.particle_benchmark import ParticleMovie

RADIUS = 5.0  # pixels within which a found spot is a true one; a third of its width
LEAST = 0.3 * DETECTOR.gain * PHOTONS  # grey values above the surroundings; the faintest spots have 0.6
REACH = 6  # pixels of the centroid's window around a maximum


def report(velocities: tuple[int, ...] = VELOCITIES, names: tuple[str, ...] | None = None) -> None:
    """Print a Markdown table, one row for each velocity and method."""
    columns = ("V", "method", "PSNR (dB)", "SSIM", "recall", "precision", "localisation error (px)")
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for velocity in velocities:
        movie = particle_movie(velocity)
        for name in (*(registry.installed() if names is None else names), "acquired"):
            p, s, recall, precision, error = score(movie, name)
            print(f"| {velocity} | {name} | {p:.2f} | {s:.3f} | {recall:.3f} | {precision:.3f} | {error:.2f} |")


def score(movie: ParticleMovie, name: str) -> tuple[float, float, float, float, float]:
    """Return PSNR, SSIM, recall, precision and root-mean-square localisation error of one method on one movie."""
    truth, places = movie.truth.numpy(), movie.places.numpy()
    scale = intensity_range(truth)
    images, distances, found, true = [], [], 0, 0
    for t, made in _predictions(movie, name):
        images.append((psnr(truth[t], made, scale), ssim(truth[t], made, scale)))
        spots = detect(made)
        distances.append(matched(spots, places[t]))
        found, true = found + len(spots), true + len(places[t])
    near = np.concatenate(distances)
    quality, likeness = np.mean(images, axis=0)
    error = float(np.sqrt(np.mean(near**2))) if near.size else float("nan")
    return float(quality), float(likeness), near.size / true, near.size / max(found, 1), error


def _predictions(movie: ParticleMovie, name: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Every frame that was dropped, as this method predicts it, in grey values."""
    frames = movie.frames.numpy().astype(np.float32)
    whole = array_movie(frames[:, None, None])
    held_out = hold_out(whole, 2)
    if name == "acquired":
        yield from ((target.frame, frames[target.frame]) for target in held_out.targets)
        return
    for target, made in predict(registry.get(name), whole, held_out, normalisation=seen_range(frames[::2, None])):
        yield target.frame, made.mean[0]


def detect(frame: NDArray[np.float32]) -> NDArray[np.float64]:
    """Find spots: maxima of the frame smoothed by the spot's own size, refined by a centroid; (y, x), shape (N, 2)."""
    smooth = gaussian_filter(frame, SIGMA) - gaussian_filter(frame, 4 * SIGMA)
    # Smoothing by its own size halves a spot's peak.
    peaks = (smooth == maximum_filter(smooth, 2 * REACH + 1)) & (smooth > LEAST / 2)
    light = np.pad(np.clip(gaussian_filter(frame, 1) - np.median(frame), 0, None), REACH)
    offset = np.arange(-REACH, REACH + 1)
    refined = []
    for y, x in np.argwhere(peaks):
        part = light[y : y + 2 * REACH + 1, x : x + 2 * REACH + 1]
        total = max(part.sum(), 1e-9)
        refined.append((y + offset @ part.sum(1) / total, x + offset @ part.sum(0) / total))
    return np.array(refined, np.float64).reshape(-1, 2)


def matched(spots: NDArray[np.float64], places: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pair found with true places one to one, nearest in sum; return the distances of pairs within RADIUS."""
    distance = np.linalg.norm(spots[:, None] - places[None], axis=-1)
    # A pair out of reach costs as much as leaving both alone.
    pairs = linear_sum_assignment(np.minimum(distance, RADIUS))
    near: NDArray[np.float64] = distance[pairs]
    return near[near < RADIUS]


if __name__ == "__main__":
    report()
