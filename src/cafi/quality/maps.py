"""Error and SSIM maps of held-out frames, as image stacks on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.quality.metrics.structure import ssim_map

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.model import Size
    from cafi.quality.metrics.ranges import Range
    from cafi.quality.results import Target

BIG = 1 << 32  # bytes: a plain TIFF ends here


class Maps:
    """Two float32 TIFF stacks (T, Z, C, Y, X) of one method, T counting held-out frames; NaN where nothing was scored.

    Parameters
    ----------
    folder : Path
        Where ``error.tif`` (prediction minus truth over the channel's intensity range) and ``ssim.tif`` come to lie.
    targets : tuple of Target
    size : Size
        Of the movie.
    ranges : dict of int to Range
        Of the scored channels.
    """

    def __init__(self, folder: Path, targets: tuple[Target, ...], size: Size, ranges: dict[int, Range]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._entry = {target.frame: i for i, target in enumerate(targets)}
        self._ranges, self._place = ranges, {channel: i for i, channel in enumerate(ranges)}
        shape = (len(targets), size.z, len(ranges), size.y, size.x)
        self._error, self._ssim = (_stack(folder / name, shape) for name in ("error.tif", "ssim.tif"))

    def add(self, target: Target, z: int, channel: int, truth: NDArray[Any], prediction: NDArray[Any]) -> None:
        """Draw the maps of one plane."""
        scale, place = self._ranges[channel], (self._entry[target.frame], z, self._place[channel])
        self._error[place] = scale.normalise(prediction) - scale.normalise(truth)
        self._ssim[place] = ssim_map(truth, prediction, scale)

    def close(self) -> None:
        """Make sure that all is on the disk."""
        self._error.flush()
        self._ssim.flush()


def _stack(path: Path, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.float32]]:
    """Make a TIFF that ImageJ opens as a stack, with room for all maps."""
    import tifffile

    big = int(np.prod(shape)) * 4 > BIG * 0.9
    how: dict[str, Any] = {"bigtiff": True} if big else {"imagej": True}
    stack = tifffile.memmap(path, shape=shape, dtype=np.float32, metadata={"axes": "TZCYX"}, **how)
    for frame in stack:
        frame[...] = np.nan
    return stack
