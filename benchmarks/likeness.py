"""How unlike its training data Kymo finds simulated and real movies, and patterns that no microscope shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.methods import seen_range
from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.movie.reading import open_movie
from cafi.quality.heldout import hold_out
from cafi.quality.prediction import predict
from cafi.quality.verdict import STRANGE
from cafi.training.data import VALIDATION_SEED, validation
from cafi.training.simulated import Simulation

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BATCH, SIDE = 4, 256


def report(folder: Path) -> None:
    """Print, for each kind of data, how strange its gaps are: the median, the largest, and how many are warned of."""
    print(f"\nstrangeness of windows for kymo; a warning is given beyond {STRANGE:g}\n")
    print("| data | windows | median | largest | warned of |\n|---|---|---|---|---|")
    _row("simulation, other seeds", _simulated())
    for path in sorted(folder.glob("*.tif")):
        _row(path.stem, _recorded(path))
    for name, frames in _patterns().items():
        _row(name, _strangeness(frames))


def _row(name: str, found: NDArray[np.float32]) -> None:
    if len(found):
        warned = int((found > STRANGE).sum())
        print(f"| {name} | {len(found)} | {np.median(found):.2f} | {found.max():.2f} | {warned} |", flush=True)


def _simulated() -> NDArray[np.float32]:
    kymo = registry.get("kymo")
    windows = validation(Simulation(SIDE), BATCH, SIDE, torch.device("cpu"))
    with torch.inference_mode():
        made = [kymo.predict(w.frames[:, :, None], w.times, w.t, w.valid > 0).strangeness for w in windows]
    return torch.cat([one for one in made if one is not None]).flatten().numpy()


def _recorded(path: Path) -> NDArray[np.float32]:
    """Every second frame dropped, of each channel."""
    with open_movie(path) as movie:
        pixels = np.stack([movie.frame(t, 0) for t in range(movie.header.size.t)])
    return _strangeness(pixels)


def _strangeness(pixels: NDArray[np.generic]) -> NDArray[np.float32]:
    """Of all gaps and channels of a movie (T, C, Y, X)."""
    movie = array_movie(pixels[:, :, None])
    made = predict(registry.get("kymo"), movie, hold_out(movie, 2), normalisation=seen_range(pixels[::2]))
    told = [one.strangeness for _, one in made if one.strangeness is not None]
    return np.concatenate(told) if told else np.zeros(0, np.float32)


def _patterns() -> dict[str, NDArray[np.float32]]:
    random, (y, x) = np.random.default_rng(VALIDATION_SEED), np.mgrid[:SIDE, :SIDE]
    still = np.repeat(random.random((1, 1, SIDE // 8, SIDE // 8)), 7, 0).repeat(8, 2).repeat(8, 3)
    moving = {
        "checkerboard that moves": [((y // 8 + (x + 3 * i) // 8) % 2) for i in range(7)],
        "stripes that move": [np.sin((x + 2 * i) / 3) for i in range(7)],
        "disc that moves": [np.hypot(y - 128, x - 90 - 5 * i) < 80 for i in range(7)],
    }
    found = {name: np.stack(frames)[:, None].astype(np.float32) for name, frames in moving.items()}
    found["still mosaic"] = still.astype(np.float32)
    found["white noise"] = random.normal(size=(7, 1, SIDE, SIDE)).astype(np.float32)
    return found
