"""The whole command against its parts: the bare method on arrays in memory, and bare tifffile in and out.

Everything in one run and start-up apart: the whole is `cafi.interpolate` called in a warm process.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
import torch

import cafi
from benchmarks import movies
from cafi.engine.normalisation import measure as measure_normalisation
from cafi.interpolators import registry

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def measure(folder: Path, method: str, count: int, side: int, repeats: int = 3) -> dict[str, float]:
    """Time the whole command and its parts for one movie, in turn; medians of seconds and of ratios."""
    source = folder / f"speed_{count}_{side}.tif"
    if not source.exists():
        movies.write(source, count, side)
    target = folder / f"speed_{count}_{side}.ome.tif"
    rows = []
    for _ in range(repeats):
        whole = _timed(lambda: cafi.interpolate(source, target, method=method, overwrite=True))
        bare = _timed(_bare_method(source, method))
        in_out = _timed(lambda: _bare_tifffile(source, target, folder / "bare.ome.tif"))
        rows.append((whole, bare, in_out))
    target.unlink()
    (folder / "bare.ome.tif").unlink()
    reference = [bare if method != "linear" else max(bare, in_out) for _, bare, in_out in rows]
    whole, bare, in_out = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = statistics.median(row[0] / ref for row, ref in zip(rows, reference, strict=True))
    return {
        "frames": count,
        "side": side,
        "whole_s": whole,
        "bare_method_s": bare,
        "bare_tifffile_s": in_out,
        "ratio": ratio,
    }


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _bare_method(source: Path, method: str) -> Any:
    """Return a function that predicts every gap from arrays in memory, as many together as there are cores."""
    interpolator = registry.get(method)
    with cafi.read(source, axes="TYX") as movie:
        normalisation = measure_normalisation(movie)
        arrays = [torch.from_numpy(normalisation.apply(movie.frame(t, 0))) for t in range(movie.header.size.t)]
    windows = [_window(arrays, left, interpolator.context) for left in range(len(arrays) - 1)]
    together = os.cpu_count() or 1

    def work() -> None:
        for start in range(0, len(windows), together):
            frames, times, valid = (torch.stack(part) for part in zip(*windows[start : start + together], strict=True))
            interpolator.predict(frames, times, torch.full((len(frames),), 0.5), valid)

    return work


def _window(arrays: list[torch.Tensor], left: int, context: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    wanted = np.arange(left - context + 1, left + context + 1)
    inside = np.clip(wanted, 0, len(arrays) - 1)
    frames = torch.stack([arrays[i] for i in inside])
    return frames, torch.from_numpy((inside - left).astype(np.float32)), torch.from_numpy(wanted == inside)


def _bare_tifffile(source: Path, like: Path, target: Path) -> None:
    """Read every frame and write as many as the whole command does, with the same codec and tiles."""
    with tifffile.TiffFile(like) as made:
        page = made.pages.first
        options = {
            "compression": page.compression,
            "predictor": page.predictor,
            "tile": page.tile if page.is_tiled else None,
        }
        count = len(made.pages)
    with tifffile.TiffFile(source) as tiff, tifffile.TiffWriter(target, bigtiff=True) as out:
        frames: list[NDArray[Any]] = [p.asarray() for p in tiff.pages]
        for i in range(count):
            out.write(frames[i // 2], metadata=None, **options)
