"""Which format a file name asks for, and what the formats can hold. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cafi.errors import CafiError
from cafi.movie.options import WriteOptions

if TYPE_CHECKING:
    from pathlib import Path

    from cafi.movie.model import Header

Format = Literal["ome-tiff", "imagej-tiff", "ome-zarr"]

_SUFFIXES: dict[str, Format] = {
    ".ome.tif": "ome-tiff",
    ".ome.tiff": "ome-tiff",
    ".ome.btf": "ome-tiff",
    ".ome.tf8": "ome-tiff",
    ".tif": "imagej-tiff",
    ".tiff": "imagej-tiff",
    ".zarr": "ome-zarr",
}
_OME_TYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64")
_IMAGEJ_TYPES = ("uint8", "uint16", "float32")
_PAGE_OVERHEAD = 1024
CLASSIC_LIMIT = 2**32 - 2**24
"""What a TIFF with 32-bit offsets can hold, with room for its directories' rounding."""


def output_format(path: Path) -> Format:
    """Return the format that a file name asks for by its ending.

    Raises
    ------
    CafiError
        If it asks for none that can be written.
    """
    return _SUFFIXES[_ending(path)]


def suffix_of(path: Path) -> str:
    """Return the ending of a name, both parts of double ones such as '.ome.tif'.

    Raises
    ------
    CafiError
        If it asks for no format that can be written.
    """
    ending = ".ome.zarr" if path.name.lower().endswith(".ome.zarr") else _ending(path)
    return path.name[-len(ending) :]


def stem(path: Path) -> str:
    """Return a name without its ending, also where that names no format that can be written."""
    name = path.name.lower()
    for suffix in (".ome.zarr", *_SUFFIXES):
        if name.endswith(suffix) and name != suffix:
            return path.name[: -len(suffix)]
    return path.stem


def _ending(path: Path) -> str:
    name = path.name.lower()
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and name not in (suffix, ".ome" + suffix):
            return suffix
    raise CafiError(
        f"{path}: the ending names no format that can be written;"
        " use .ome.tif (OME-TIFF), .tif (ImageJ) or .ome.zarr (OME-Zarr)."
    )


def check_writable(header: Header, target: Path, options: WriteOptions | None = None) -> None:
    """Refuse what the target's format cannot hold, before any work begins.

    Parameters
    ----------
    header : Header
        Of the output.
    target : Path
    options : WriteOptions, optional

    Raises
    ------
    CafiError
        One sentence that names the target, the problem and a format that can hold the movie.
    """
    form, dtype, size = output_format(target), header.dtype.name, header.size
    if min(size) < 1:
        raise CafiError(f"{target}: the movie has no pixels to write (size T, C, Z, Y, X = {tuple(size)}).")
    if header.dtype.kind not in "uifb":
        raise CafiError(f"{target}: pixels of type {dtype} cannot be written; convert them to float32 first.")
    if form != "ome-zarr" and target.is_dir():
        raise CafiError(f"{target}: is a folder, where a file is to be written; choose another name.")
    if form == "ome-tiff" and dtype not in _OME_TYPES:
        raise CafiError(f"{target}: OME-TIFF cannot hold pixels of type {dtype}; write to .ome.zarr.")
    if form == "imagej-tiff":
        problem = _imagej_problem(header, options or WriteOptions())
        if problem:
            raise CafiError(f"{target}: {problem}; write to .ome.tif.")


def _imagej_problem(header: Header, options: WriteOptions) -> str | None:
    dtype, size, samples = header.dtype.name, header.size, header.samples
    if samples > 1 and dtype != "uint8":
        return f"ImageJ cannot hold RGB pixels of type {dtype}"
    if samples > 1 and (samples != 3 or size.c > 1):
        return f"ImageJ cannot hold {size.c} channel(s) of {samples} samples, only one of three (RGB)"
    if dtype not in _IMAGEJ_TYPES:
        return f"ImageJ cannot hold pixels of type {dtype}"
    if options.compression == "zstd":
        return "ImageJ cannot open zstd compression"
    if options.pyramid:
        return "ImageJ cannot hold a pyramid"
    pages = size.t * size.z * size.c
    if options.compression != "none" and pixel_bytes(header) + pages * _PAGE_OVERHEAD > CLASSIC_LIMIT:
        return (
            f"ImageJ opens no compressed file of {pixel_bytes(header) / 2**30:.1f} GiB of pixels (4 at most;"
            " --compression none lifts the limit)"
        )
    return None


def pixel_bytes(header: Header) -> int:
    """Return the bytes of all pixels, uncompressed."""
    size = header.size
    return size.t * size.c * size.z * size.y * size.x * header.samples * header.dtype.itemsize


def bytes_estimate(header: Header, form: Format = "ome-tiff", options: WriteOptions | None = None) -> int:
    """Return how many bytes of disk the work in progress and the target need together, at most.

    TIFF needs the frames twice while the target is assembled. Compression is not counted on, as
    noise hardly yields to it.
    """
    options = options or WriteOptions()
    levels = 4 / 3 if form == "ome-zarr" or options.pyramid else 1
    copies = 1 if form == "ome-zarr" else 2
    pages = header.size.t * header.size.z * header.size.c
    return int(copies * (levels * pixel_bytes(header) + pages * _PAGE_OVERHEAD))
