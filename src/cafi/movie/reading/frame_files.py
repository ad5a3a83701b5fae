"""Files that hold one frame each: TIFF pages, PNG, JPEG and other still images."""

from __future__ import annotations

import math
import re
import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import imagecodecs
import numpy as np

from cafi.errors import CafiError
from cafi.movie.reading.dimensions import Dimensions
from cafi.movie.reading.guard import DAMAGED, check_declared, codec_ratio, guarded, readable_bytes
from cafi.movie.reading.signatures import is_tiff, read_head
from cafi.movie.reading.tiff_directories import Directories, read_directories
from cafi.movie.reading.tiff_file import TiffFile
from cafi.movie.reading.tiff_stack import form_of, inner_dimensions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_DEFLATE, _JPEG = 8, 7
_LARGEST_FILE = 2**31

# A description that may speak of more frames than there are pages.
_STACK = re.compile(rb"images=(?!1\s)|\"shape\"|<OME")


class Kind(NamedTuple):
    """A format of still images: its name, how it begins, and its decoder."""

    name: str
    begins: bytes
    decode: Callable[[bytes], Any]


_KINDS = (
    Kind("PNG", b"\x89PNG", imagecodecs.png_decode),
    Kind("JPEG", b"\xff\xd8\xff", imagecodecs.jpeg_decode),
    Kind("BMP", b"BM", imagecodecs.bmp_decode),
    Kind("WebP", b"RIFF", imagecodecs.webp_decode),
    Kind("JPEG 2000", b"\0\0\0\x0cjP", imagecodecs.jpeg2k_decode),
    Kind("JPEG 2000", b"\xff\x4f\xff\x51", imagecodecs.jpeg2k_decode),
)


def kind_name(path: Path) -> str:
    """Return the format of a still image: 'TIFF', 'PNG', 'JPEG', ..."""
    with guarded(path, "it cannot be opened"):
        head = read_head(path)
    return "TIFF" if is_tiff(path, head) else _kind(path, head).name


def _kind(path: Path, head: bytes) -> Kind:
    for kind in _KINDS:
        if head.startswith(kind.begins):
            return kind
    raise CafiError(f"{path}: it is no image of a known kind; remove or convert it.")


def frame_form(path: Path) -> tuple[object, ...]:
    """Return what the frames of a movie must have in common, as far as the file's header tells it.

    Raises
    ------
    CafiError
        If it is damaged, or a TIFF file of several pages.
    """
    with guarded(path, "it cannot be opened"):
        head = read_head(path)
    if is_tiff(path, head):
        directories = read_directories(path)
        directories.require_whole(path)
        if not is_single_page(directories):
            raise CafiError(f"{path}: it holds several frames where one is expected; read it as a movie of its own.")
        return ("TIFF", directories.kinds[0])
    kind = _kind(path, head)
    return (kind.name, _declared(path, kind, head))


def is_single_page(directories: Directories) -> bool:
    """Whether a TIFF file has one page, apart from smaller copies of it."""
    return sum(form != Directories.REDUCED for form in directories.forms) == 1


def may_be_stack(directories: Directories) -> bool:
    """Whether a TIFF file's description may speak of more frames than there are pages."""
    return _STACK.search(directories.description) is not None


def read_frame(path: Path, plane: str) -> tuple[NDArray[Any], Dimensions]:
    """Decode a file of one frame.

    Returns
    -------
    ndarray
        In native byte order.
    Dimensions
        Of it: Y, X and S, or s where the samples are channels.

    Raises
    ------
    CafiError
        If it cannot be decoded; names file and `plane`.
    """
    with guarded(path, f"{plane} cannot be read"):
        head = read_head(path)
    if is_tiff(path, head):
        with TiffFile(path) as file:
            return file.read_page(0, form_of(file.first), plane), inner_dimensions(file.first)
    kind = _kind(path, head)
    _declared(path, kind, head)
    with guarded(path, f"{plane} cannot be read"):
        data = path.read_bytes()
    if kind.name == "PNG":
        data = _sound_png(path, data, plane)
    with guarded(path, f"{plane} cannot be read"):
        pixels = np.asarray(kind.decode(data))
    if pixels.ndim not in (2, 3) or pixels.dtype.kind not in "iuf" or 0 in pixels.shape:
        raise CafiError(f"{path}: {plane} is no plain image, as its shape is {pixels.shape}; convert it to TIFF.")
    samples = "" if pixels.ndim == 2 else "S" if pixels.shape[2] in (3, 4) else "s"
    return pixels, Dimensions("YX" + samples, pixels.shape)


def _declared(path: Path, kind: Kind, head: bytes) -> tuple[int, ...]:
    """Return the size that the header declares, checked against the file's; () where it is not known."""
    with guarded(path, "it cannot be opened"):
        stored = path.stat().st_size
        size = _jpeg_size(path) if kind.name == "JPEG" else ()
    if kind.name == "PNG" and len(head) >= 26:
        width, height, depth, color = struct.unpack(">IIBB", head[16:26])
        size = (height, width, {2: 3, 4: 2, 6: 4}.get(color, 1), depth)
    if stored > _LARGEST_FILE:
        raise CafiError(f"{path}: it is an image of {readable_bytes(stored)}, too large to be one frame; {DAMAGED}.")
    if len(size) == 4:
        ratio = codec_ratio(_DEFLATE if kind.name == "PNG" else _JPEG)
        check_declared(path, "the image", math.prod(size) // 8, stored, ratio)
    return size


def _sound_png(path: Path, data: bytes, plane: str) -> bytes:
    """Return a PNG without the chunks that do not bear on its pixels, after checking its checksums.

    The decoder would go on after a wrong checksum, and print warnings about that and about odd
    colour profiles.
    """
    kept, at, kind = [data[:8]], 8, b""
    while kind != b"IEND":
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data) or zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise CafiError(f"{path}: {plane} cannot be read; {DAMAGED}.")
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(data[at:end])
        at = end
    return b"".join(kept)


def _jpeg_size(path: Path) -> tuple[int, ...]:
    """Return height, width, components and bits of a JPEG file, from its frame header."""
    with path.open("rb") as file:
        file.seek(2)
        while len(marker := file.read(4)) == 4 and marker[0] == 0xFF:
            if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
                fields = file.read(6)
                if len(fields) < 6:
                    break
                bits, height, width, components = struct.unpack(">BHHB", fields)
                return height, width, components, bits
            file.seek(max(0, int.from_bytes(marker[2:], "big") - 2), 1)
    return ()
