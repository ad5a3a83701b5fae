"""Reading targets back with tifffile and zarr alone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

from cafi.movie.model import Movie
from cafi.movie.options import WriteOptions
from cafi.movie.writing import make_sink, write_movie
from tests.helpers import array_movie


def written(pixels: NDArray[Any], target: Path, options: WriteOptions | None = None, **header: Any) -> Movie:
    """Write an array (T, C, Z, Y, X[, S]) and return it as a movie."""
    movie = array_movie(pixels, **header)
    write_movie(movie, target, options or WriteOptions())
    return movie


def stored(pixels: NDArray[Any], target: Path, folder: Path, **header: Any) -> Any:
    """Return a sink that has all frames of an array (T, C, Z, Y, X[, S]), but is not finished."""
    movie = array_movie(pixels, **header)
    sink = make_sink(target, folder, movie.header, WriteOptions())
    for t in reversed(range(pixels.shape[0])):
        for z in range(pixels.shape[2]):
            sink.write(t, z, movie.frame(t, z))
    return sink


def pixels_of(target: Path) -> NDArray[Any]:
    """Return all pixels (T, C, Z, Y, X, S)."""
    if target.name.endswith(".zarr"):
        group = zarr.open_group(target, mode="r")
        samples = group.attrs.asdict()["cafi"]["samples"]
        data = np.asarray(group["0"])
        data = data.reshape(data.shape[0], data.shape[1] // samples, samples, *data.shape[2:])
        return np.moveaxis(data, 2, -1)
    with tifffile.TiffFile(target) as tiff:
        series = tiff.series[0]
        assert series.get_axes(squeeze=False) == "TZCYXS"
        return np.swapaxes(series.asarray(squeeze=False), 1, 2)


def digest(target: Path) -> str:
    """Return a hash over a file, or over all files of a folder with their names."""
    files = [target] if target.is_file() else sorted(file for file in target.rglob("*") if file.is_file())
    total = hashlib.sha256()
    for file in files:
        total.update(str(file.relative_to(target)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
