"""Single images, and folders or patterns of single-frame images as one movie."""

from __future__ import annotations

import glob
import re
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.errors import CafiError
from cafi.movie.model import Channel, Header, Movie
from cafi.movie.options import ReadOptions
from cafi.movie.reading import tiff
from cafi.movie.reading.dimensions import Dimensions, settle
from cafi.movie.reading.frame_files import frame_form, is_single_page, kind_name, may_be_stack, read_frame
from cafi.movie.reading.guard import DAMAGED, guarded, plane_name
from cafi.movie.reading.signatures import is_image, is_tiff, read_head, reader_of
from cafi.movie.reading.tiff_directories import read_directories

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


def open_scene(path: Path, options: ReadOptions) -> Movie:
    """Open a single image, or a folder or pattern of single-frame images, in the natural order of their names.

    Raises
    ------
    CafiError
        If there is no image, or an image is damaged, has several frames, or differs from the others.
    """
    files = image_files(path)
    if not files:
        raise CafiError(f"{path}: it holds no images; give a movie, or a folder or pattern of images.")
    series = _ome_series(path, files[0], options)
    if series is not None:
        return series
    _require_alike(path, files)
    pixels, inner = read_frame(files[0], "the first frame")
    stored = Dimensions("I" + inner.labels, (len(files), *inner.shape))
    dimensions, assumptions = settle(path, stored, options.axes, "files, in the order of their names,")
    header = _header(path, files[0], dimensions, pixels.dtype)
    return Movie(
        header=header,
        source=ImagePlanes(files, dimensions, pixels.dtype),
        path=path,
        format=f"{kind_name(files[0])} images" if len(files) > 1 else f"{kind_name(files[0])} image",
        assumptions=assumptions,
    )


def image_files(path: Path) -> list[Path]:
    """Return the image files of a folder or pattern (or the one file), in the natural order of their names."""
    with guarded(path, "it cannot be opened"):
        if path.is_file():
            return [path]
        found = path.iterdir() if path.is_dir() else _matching(path)
        files = [file for file in found if file.is_file() and not file.name.startswith(".")]
        images = [file for file in files if _is_frame(file, read_head(file))]
    return sorted(images, key=lambda file: natural_key(str(file)))


def _matching(pattern: Path) -> Iterator[Path]:
    root = pattern_root(pattern)
    return root.glob(str(pattern.relative_to(root)))


def pattern_root(pattern: Path) -> Path:
    """Return the folder that a pattern starts from."""
    return Path(*takewhile(lambda part: not glob.has_magic(part), pattern.parts))


def natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sorting key that puts frame 2 before frame 10."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if number % 2 else (0, part.casefold()) for number, part in enumerate(parts)]


def is_frame_folder(path: Path) -> bool:
    """Whether a folder holds the frames of one movie: at least two images, all of them of one frame.

    Raises
    ------
    CafiError
        If the folder cannot be read.
    """
    if not path.is_dir():
        return False
    with guarded(path, "it cannot be opened"):
        files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
        readers = [reader_of(file, read_head(file)) for file in files]
    if any(reader in ("zarr_images", "vendor", "video") for reader in readers):
        return False
    return is_frame_series([file for file, reader in zip(files, readers, strict=True) if reader is not None])


def is_frame_series(images: Sequence[Path]) -> bool:
    """Whether image files are the frames of one movie: at least two, all of them of one frame."""
    return len(images) > 1 and all(_holds_one_frame(file) for file in images)


def _holds_one_frame(file: Path) -> bool:
    if not is_tiff(file, read_head(file)):
        return True
    try:
        directories = read_directories(file)
        if not is_single_page(directories) or not may_be_stack(directories):
            return is_single_page(directories)
        with tiff.open_scene(file, ReadOptions()) as movie:
            return movie.format == "OME-TIFF" or movie.header.size.t * movie.header.size.z == 1
    except CafiError:
        # A damaged file does not decide; it is named when the movie is read.
        return True


def _is_frame(file: Path, head: bytes) -> bool:
    return head.startswith((b"II", b"MM")) if is_tiff(file, head) else is_image(file, head)


def _ome_series(path: Path, first: Path, options: ReadOptions) -> Movie | None:
    """Return the movie of an OME-TIFF series of one file for each plane, which knows itself what is what."""
    if not is_tiff(first, read_head(first)):
        return None
    directories = read_directories(first)
    if b"OME>" not in directories.description or not is_single_page(directories):
        return None
    movie = tiff.open_scene(first, options)
    if movie.header.size.t * movie.header.size.z * movie.header.size.c > 1:
        return replace(movie, path=path)
    movie.source.close()
    return None


def _require_alike(path: Path, files: Sequence[Path]) -> None:
    form = frame_form(files[0])
    for file in files[1:]:
        if frame_form(file) != form:
            raise CafiError(
                f"{path}: {file.name} differs from {files[0].name} in kind, size or type; remove or convert it, as all"
                " frames of a movie must be alike."
            )


def _header(path: Path, first: Path, dimensions: Dimensions, dtype: np.dtype[Any]) -> Header:
    size = dimensions.size
    name = re.sub(r"[*?\[\]]", "", path.name if path.is_dir() else path.stem) or path.parent.name
    header = Header(name, size, dtype.newbyteorder("="), dimensions.samples, channels=(Channel(),) * size.c)
    if not is_tiff(first, read_head(first)):
        return header
    with tiff.open_scene(first, ReadOptions()) as movie:
        told = movie.header
    return replace(
        header,
        pixel_size=told.pixel_size,
        significant_bits=told.significant_bits,
        metadata=told.metadata,
        channels=told.channels if len(told.channels) == size.c else header.channels,
    )


class ImagePlanes:
    """A `PlaneSource` that decodes one file at a time.

    Parameters
    ----------
    files : sequence of Path
    dimensions : Dimensions
        The first counts files.
    dtype : numpy.dtype
    """

    def __init__(self, files: Sequence[Path], dimensions: Dimensions, dtype: np.dtype[Any]) -> None:
        self._files = files
        self._dimensions = dimensions
        self._dtype = dtype

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return one plane, shape (Y, X) or (Y, X, S)."""
        index = self._dimensions.locate(t, c, z)
        number = index[0]
        assert isinstance(number, int)
        file = self._files[number]
        pixels, _ = read_frame(file, plane_name(t, c, z))
        if (pixels.shape, pixels.dtype) != (self._dimensions.shape[1:], self._dtype):
            raise CafiError(f"{file}: {plane_name(t, c, z)} differs in size or type from the first; {DAMAGED}.")
        plane = pixels[index[1:]].transpose(self._dimensions.plane_order)
        return np.ascontiguousarray(plane).astype(self._dtype.newbyteorder("="), copy=False)

    def is_missing(self, t: int, c: int, z: int) -> bool:  # noqa: ARG002
        """Return False: a frame without a file is not known of."""
        return False

    def close(self) -> None:
        """Nothing stays open."""
