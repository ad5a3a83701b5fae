"""One TIFF file, whose pages are read one at a time."""

from __future__ import annotations

import math
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import tifffile

from cafi.errors import CafiError
from cafi.movie.reading.guard import DAMAGED, SPARSE_BYTES, check_declared, codec_ratio, guarded, readable_bytes
from cafi.movie.reading.tiff_directories import read_directories

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray


_CORE = ("compression", "predictor", "photometric", "planarconfig", "samplesperpixel", "imagelength", "imagewidth")


@dataclass(frozen=True)
class PageForm:
    """Shape and type that every page of a stack has."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class TiffFile:
    """A TIFF file whose pages are read on request, from several threads if need be.

    Parameters
    ----------
    path : Path

    Raises
    ------
    CafiError
        If the file is no TIFF file, or damaged, or holds no page.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.directories = read_directories(path)
        if not self.directories:
            self.directories.require_whole(path)
            raise CafiError(f"{path}: it holds no page; choose another file.")
        self._lock = threading.RLock()
        with guarded(path, "its first page cannot be read"):
            # The kinds that tifffile would scan as a whole are read page by page like all others.
            self.tiff = tifffile.TiffFile(path, is_ndpi=False, is_scanimage=False)
            self.end = self.tiff.filehandle.size
        with ExitStack() as opened:
            opened.callback(self.close)
            self.first = self.page(0)
            opened.pop_all()

    def page(self, index: int, plane: str | None = None) -> tifffile.TiffPage:
        """Return the description of a page, checked against what the file can hold.

        Raises
        ------
        CafiError
            If it is damaged, or has pixels of a type that is not read; names `plane` if given.
        """
        name = plane or f"page {index}"
        with self._lock, guarded(self.path, f"{name} cannot be understood"):
            self.tiff.filehandle.seek(self.directories.offsets[index])
            page = tifffile.TiffPage(self.tiff, index)
        if page.dtype is None or page.dtype.kind not in "iuf" or not isinstance(page.bitspersample, int):
            kind = "complex" if page.dtype is not None and page.dtype.kind == "c" else f"{page.bitspersample}-bit"
            raise CafiError(
                f"{self.path}: its pixels are of a {kind} type that cannot be interpolated; convert them to integers"
                " or floating-point numbers of 8 to 64 bits."
            )
        for code, times in self.directories.required_tags(index).items():
            # tifffile leaves out a tag that it cannot read, and would take its default.
            if len(page.tags.getall(code) or ()) != times:
                raise CafiError(f"{self.path}: tag {code} of {name} cannot be read; {DAMAGED}.")
        with guarded(self.path, f"{name} cannot be understood"):
            chunks, chunked = page.chunks, page.chunked
        self._check(page, name, chunks, chunked)
        return page

    def _check(self, page: tifffile.TiffPage, name: str, chunks: tuple[int, ...], chunked: tuple[int, ...]) -> None:
        # Damaged tags can have any type; float64 is exact for all sizes that a file can have.
        offsets, counts = np.asarray(page.dataoffsets), np.asarray(page.databytecounts)
        if (
            any(not isinstance(value, int) or value <= 0 for value in (*page.shape, *chunks))
            or any(not isinstance(getattr(page, name), int) for name in _CORE)
            or page.samplesperpixel < 1
            or offsets.dtype.kind not in "iu"
            or counts.dtype.kind not in "iu"
            or len(offsets) != len(counts)
            or (len(offsets) != math.prod(chunked) and not page.is_contiguous)
        ):
            raise CafiError(f"{self.path}: the directory of {name} contradicts itself; {DAMAGED}.")
        if (offsets.astype(np.float64) + counts).max() > self.end:
            raise CafiError(
                f"{self.path}: {name} lies beyond the end of the file, which has only {readable_bytes(self.end)};"
                f" {DAMAGED}."
            )
        declared = math.prod(page.shape) * page.bitspersample // 8
        segment = math.prod(chunks) * page.bitspersample // 8
        stored, ratio = int(counts.astype(np.float64).sum()), codec_ratio(page.compression)
        holes = not (offsets.all() and counts.all())
        check_declared(self.path, name, declared, stored, ratio, SPARSE_BYTES if holes else 0)
        check_declared(self.path, f"a tile of {name}", segment, stored, ratio, SPARSE_BYTES)

    def read_page(self, index: int, form: PageForm, plane: str) -> NDArray[Any]:
        """Return the pixels of a page, native byte order.

        Raises
        ------
        CafiError
            If it cannot be read, or differs in shape or type from `form`; names `plane`.
        """
        page = self.page(index, plane)
        if (page.shape, page.dtype) != (form.shape, form.dtype):
            raise CafiError(
                f"{self.path}: {plane} is {page.dtype} of shape {page.shape} where {form.dtype} of shape"
                f" {form.shape} is expected; {DAMAGED}."
            )
        with guarded(self.path, f"{plane} cannot be read"):
            pixels = page.asarray(lock=self._lock)
        return pixels.reshape(form.shape).astype(form.dtype.newbyteorder("="), copy=False)

    def is_empty(self, index: int) -> bool:
        """Whether nothing is stored for a page."""
        return not any(self.page(index).databytecounts)

    def read_block(self, offset: int, form: PageForm, plane: str) -> NDArray[Any]:
        """Return pixels that lie uncompressed and contiguous at an offset."""
        stored = form.dtype.newbyteorder(self.tiff.byteorder)
        pixels = np.empty(form.shape, stored)
        with self._lock, guarded(self.path, f"{plane} cannot be read"):
            self.tiff.filehandle.seek(offset)
            count = self.tiff.filehandle.readinto(cast("bytearray", pixels.reshape(-1).view(np.uint8)))
        if count != pixels.nbytes:
            raise CafiError(f"{self.path}: {plane} lies beyond the end of the file; {DAMAGED}.")
        return pixels.astype(form.dtype.newbyteorder("="), copy=False)

    def close(self) -> None:
        """Let go of the file."""
        self.tiff.close()

    def __enter__(self) -> TiffFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
