"""The picture of the README: a predicted frame beside the truth, from the demonstration's movies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import tifffile

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROP = (slice(30, 158), slice(40, 168))
GAP = 4
SPACE = 6


def between(demo: Path, picture: Path) -> None:
    """Draw acquired, optical flow, linear, truth, acquired; below, the error of both predictions."""
    truth = tifffile.imread(demo / "simulated.ome.tif").astype(float)
    flow, linear = (
        tifffile.imread(demo / f"{name}.ome.tif").astype(float)[2 * GAP + 1] for name in ("optical_flow", "linear")
    )
    before, middle, after = truth[2 * GAP : 2 * GAP + 3]
    low, high = np.percentile(truth, (0.1, 99.9))

    def grey(frame: NDArray[Any], low: float = low, high: float = high) -> NDArray[np.uint8]:
        cropped = np.clip((frame[CROP] - low) / (high - low), 0, 1) * 255
        return np.kron(cropped.astype(np.uint8), np.ones((2, 2), np.uint8))

    empty = np.full_like(grey(truth[0]), 255)
    worst = np.percentile(np.abs(linear - middle), 99.5)
    errors = [grey(np.abs(frame - middle), 0, worst) for frame in (flow, linear)]
    rows = [[before, flow, linear, middle, after], [empty, *errors, empty, empty]]
    drawn = [np.hstack([_framed(tile if tile.dtype == np.uint8 else grey(tile)) for tile in row]) for row in rows]
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(imagecodecs.png_encode(np.vstack(drawn)))


def _framed(tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.pad(tile, SPACE // 2, constant_values=255)


if __name__ == "__main__":
    between(Path(sys.argv[1]), Path(sys.argv[2]))
