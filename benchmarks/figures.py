"""The picture of the README: predicted frames beside the truth, from the demonstration's movies."""

from __future__ import annotations

import sys
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from scipy.ndimage import gaussian_filter, uniform_filter

GAP = 4
SIDE = 64  # pixels of the part that is shown
ZOOM = 4
SPACE = 4


def between(demo: Path, picture: Path) -> None:
    """Draw, from left to right: acquired, Kymo, linear, truth, acquired.

    The part of the frame is shown where the two predictions differ most in their error.
    """
    truth = tifffile.imread(demo / "simulated.ome.tif").astype(float)
    kymo, linear = (tifffile.imread(demo / f"{name}.ome.tif").astype(float)[2 * GAP + 1] for name in ("kymo", "linear"))
    before, middle, after = truth[2 * GAP : 2 * GAP + 3]
    wrong = [gaussian_filter(frame - middle, 1.5) ** 2 for frame in (linear, kymo)]
    gain = uniform_filter(wrong[0] - wrong[1], SIDE)
    half = SIDE // 2
    y, x = np.unravel_index(gain[half:-half, half:-half].argmax(), gain[half:-half, half:-half].shape)
    part = (slice(y, y + SIDE), slice(x, x + SIDE))
    low, high = np.percentile(middle[part], (1, 99.8))
    drawn = []
    for frame in (before, kymo, linear, middle, after):
        tile = (np.clip((frame[part] - low) / (high - low), 0, 1) * 255).astype(np.uint8)
        drawn.append(np.pad(np.kron(tile, np.ones((ZOOM, ZOOM), np.uint8)), SPACE, constant_values=255))
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(imagecodecs.png_encode(np.hstack(drawn)))


if __name__ == "__main__":
    between(Path(sys.argv[1]), Path(sys.argv[2]))
