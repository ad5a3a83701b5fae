"""One TIFF file: its page directories, and its pages read one at a time."""

from __future__ import annotations

import struct
import threading
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import tifffile

from cafi.errors import CafiError
from cafi.movie.reading.guard import SPARSE_BYTES, check_declared, codec_ratio, guarded, readable_bytes

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

# Pages that agree in these tags form one stack: width, length, bits, photometric, samples,
# planar configuration, sample format, depth.
_FORM_TAGS = frozenset({256, 257, 258, 262, 277, 284, 339, 32997})
_SUBFILE_TYPE = 254
_DESCRIPTION = 270
_MAX_TAGS = 4096
_INTEGERS = {1: 1, 3: 2, 4: 4, 16: 8}


@dataclass
class Directories:
    """The chain of page directories of a TIFF file.

    Attributes
    ----------
    offsets : array of uint64
        Where each directory begins.
    forms : array of uint32
        Equal numbers for pages of equal size and type, by order of appearance; pages that are
        smaller copies or thumbnails of others have the number `REDUCED`.
    description : bytes
        Of the first page.
    broken : str or None
        Why the chain ends without an end mark.
    """

    REDUCED = 2**32 - 1

    offsets: array[int] = field(default_factory=lambda: array("Q"))
    forms: array[int] = field(default_factory=lambda: array("L"))
    description: bytes = b""
    broken: str | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def require_whole(self, path: Path) -> None:
        """Raise CafiError if the chain is broken."""
        if self.broken:
            raise CafiError(f"{path}: {self.broken}; it seems truncated or damaged, so copy or export it again.")


def read_directories(path: Path) -> Directories:
    """Walk along the page directories of a TIFF file, reading no pixels.

    Raises
    ------
    CafiError
        If it is no TIFF file or cannot be read.
    """
    with guarded(path, "it cannot be opened"):
        file = path.open("rb")
    with file:
        end = file.seek(0, 2)
        file.seek(0)
        header = file.read(16)
        order = {b"II": "<", b"MM": ">"}.get(header[:2])
        if order is None or len(header) < 8:
            raise CafiError(f"{path}: it is no TIFF file; give an image series.")
        big = header[2:4] in (b"+\0", b"\0+")
        if big and len(header) == 16:
            (offset,) = struct.unpack(order + "Q", header[8:])
        else:
            (offset,) = struct.unpack(order + "I", header[4:8])
        return _walk(file, end, order, big, offset)


def _walk(file: BinaryIO, end: int, order: str, big: bool, offset: int) -> Directories:
    result = Directories()
    entry = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
    count_size, link_size = (8, 8) if big else (2, 4)
    forms: dict[tuple[tuple[int, int], ...], int] = {}
    seen: set[int] = set()
    endian = "little" if order == "<" else "big"
    while offset:
        page = len(result)
        if offset in seen:
            result.broken = f"its page directory {page} points back to an earlier page"
            break
        seen.add(offset)
        file.seek(min(offset, end))
        count = int.from_bytes(file.read(count_size), endian)  # type: ignore[arg-type]
        size = count * entry.size
        if count > _MAX_TAGS or offset + count_size + size > end:
            result.broken = f"the directory of its page {page} lies beyond the end of the file"
            if count > _MAX_TAGS:
                result.broken = f"the directory of its page {page} claims {count} tags"
            break
        data = file.read(size + link_size)
        tags = [fields for fields in entry.iter_unpack(data[:size]) if fields[0] in _FORM_TAGS or fields[0] == 254]
        result.offsets.append(offset)
        result.forms.append(_form(tags, endian, forms))
        if page == 0:
            result.description = _description(file, data[:size], entry, endian, end)
        offset = int.from_bytes(data[size:], endian)  # type: ignore[arg-type]
        if len(data) < size + link_size:
            result.broken = f"the directory of its page {page} is cut off"
            break
    return result


def _form(tags: list[tuple[int, int, int, bytes]], endian: Any, forms: dict[tuple[tuple[int, int], ...], int]) -> int:
    values = []
    for code, kind, count, raw in tags:
        width = _INTEGERS.get(kind, 0)
        if code == _SUBFILE_TYPE:
            if int.from_bytes(raw[:width], endian) & 1 and forms:
                return Directories.REDUCED
        elif width * count <= len(raw):
            values.append((code, int.from_bytes(raw[: width * count], endian)))
        else:
            values.append((code, -count))
    return forms.setdefault(tuple(values), len(forms))


def _description(file: BinaryIO, data: bytes, entry: struct.Struct, endian: Any, end: int) -> bytes:
    for code, _, count, raw in entry.iter_unpack(data):
        if code == _DESCRIPTION:
            if count <= len(raw):
                return bytes(raw[:count])
            offset = int.from_bytes(raw, endian)
            if offset + count <= end:
                file.seek(offset)
                return file.read(count)
    return b""


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
        try:
            self.first = self.page(0)
        except CafiError:
            self.close()
            raise

    def page(self, index: int) -> tifffile.TiffPage:
        """Return the description of a page, checked against what the file can hold."""
        name = f"page {index}"
        with self._lock, guarded(self.path, f"{name} cannot be understood"):
            self.tiff.filehandle.seek(self.directories.offsets[index])
            page = tifffile.TiffPage(self.tiff, index)
        if page.dtype is None or page.dtype.kind not in "iuf":
            kind = "complex" if page.dtype is not None and page.dtype.kind == "c" else f"{page.bitspersample}-bit"
            raise CafiError(
                f"{self.path}: its pixels are of a {kind} type that cannot be interpolated; convert them to integers"
                " or floating-point numbers of 8 to 64 bits."
            )
        with guarded(self.path, f"{name} cannot be understood"):
            segment = int(np.prod([int(n) for n in page.chunks], dtype=object)) * page.dtype.itemsize
            segments = int(np.prod([int(n) for n in page.chunked], dtype=object))
            stored = sum(page.databytecounts)
            last = max((o + n for o, n in zip(page.dataoffsets, page.databytecounts, strict=True)), default=0)
            declared = int(page.size) * page.bitspersample // 8
            holes = stored == 0 or 0 in page.databytecounts or 0 in page.dataoffsets
        self._check(page, name, declared, segment, segments, stored, last, holes)
        return page

    def _check(
        self, page: Any, name: str, declared: int, segment: int, segments: int, stored: int, last: int, holes: bool
    ) -> None:
        if declared <= 0 or min(page.shape) <= 0:
            raise CafiError(f"{self.path}: {name} has no pixels, its shape being {page.shape}; choose another file.")
        if last > self.end:
            raise CafiError(
                f"{self.path}: {name} lies beyond the end of the file, which has only {readable_bytes(self.end)};"
                " it is truncated, so copy or export it again."
            )
        if segments != len(page.dataoffsets) and not (len(page.dataoffsets) == 1 and page.is_contiguous):
            raise CafiError(
                f"{self.path}: {name} needs {segments} strips or tiles but has {len(page.dataoffsets)}; it seems"
                " damaged, so copy or export it again."
            )
        ratio = codec_ratio(page.compression)
        check_declared(self.path, name, declared, stored, ratio, SPARSE_BYTES if holes else 0)
        # The last tile of a page may be larger than what is left for it, but no larger than this.
        check_declared(self.path, f"a tile of {name}", segment, stored, ratio, SPARSE_BYTES)

    def read_page(self, index: int, form: PageForm, plane: str) -> NDArray[Any]:
        """Return the pixels of a page, native byte order.

        Raises
        ------
        CafiError
            If it cannot be read, or differs in shape or type from `form`; names `plane`.
        """
        page = self.page(index)
        if (page.shape, page.dtype) != (form.shape, form.dtype):
            raise CafiError(
                f"{self.path}: {plane} is {page.dtype} of shape {page.shape} where {form.dtype} of shape"
                f" {form.shape} is expected; it seems damaged or mixed, so export it again."
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
            count = self.tiff.filehandle.readinto(pixels.reshape(-1).view(np.uint8))
        if count != pixels.nbytes:
            raise CafiError(f"{self.path}: {plane} lies beyond the end of the file; it is truncated, so copy it again.")
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
