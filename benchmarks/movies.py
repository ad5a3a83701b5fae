"""Movies for measuring: moving blobs with camera noise, written as a microscope's software would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


def frames(count: int, side: int, seed: int = 0) -> Iterator[NDArray[np.uint16]]:
    """Yield ``count`` frames (side, side) of drifting texture with photon and read noise."""
    rng = np.random.default_rng(seed)
    scene = gaussian_filter(rng.standard_normal((side, side)), 4, mode="wrap")
    scene = 200 + 600 * np.clip(scene / scene.std(), 0, None)
    for i in range(count):
        photons = rng.poisson(np.roll(scene, (i, 2 * i), (0, 1))) + rng.normal(100, 3, scene.shape)
        yield np.clip(photons, 0, 65535).astype(np.uint16)


def write(path: Path, count: int, side: int, **options: Any) -> Path:
    """Write such a movie as a plain TIFF stack, frame by frame."""
    with tifffile.TiffWriter(path, bigtiff=count * side * side * 2 > 2**31) as tiff:
        for frame in frames(count, side):
            tiff.write(frame, contiguous=not options, metadata=None, **options)
    return path
