"""The one place where named errors of a library become the one sentence.

A guard stands around calls into a library only, so that a fault in our own code is never dressed
as bad input.
"""

from __future__ import annotations

import errno
import logging
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from cafi.errors import CafiError

if TYPE_CHECKING:
    from types import TracebackType

# tifffile reports what it finds wrong through logging, which prints to stderr where nobody listens.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

LIBRARY_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    OSError,
    EOFError,
    ImportError,
    MemoryError,
    BufferError,
    SystemError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    lzma.LZMAError,
    ParseError,
)
"""What tifffile, imagecodecs, zarr, numcodecs and the XML parser raise on damaged input."""

DAMAGED = "it seems damaged or incomplete, so copy or export it again"

MEBIBYTE = 2**20
SPARSE_BYTES = 256 * MEBIBYTE
"""What a file may declare without storing anything for it (sparse pages, chunks left out)."""

# Bytes that one stored byte can become at most, by the TIFF number of the codec.
_RATIOS = {1: 1, 5: 2**12, 6: 2**12, 7: 2**12, 8: 1100, 32946: 1100, 32773: 128, 34925: 2**14, 50000: 2**16}
OTHER_RATIO = 2**20


class guarded:  # noqa: N801 - reads like the function that it is
    """Turn a library's errors on damaged input into one sentence.

    Parameters
    ----------
    path : Path
        The file that is read.
    problem : str
        What cannot be done, such as "page 3 cannot be read".
    way_out : str
        What the user can do.
    also : tuple of exception types
        That the library defines by itself, apart from `LIBRARY_ERRORS`.

    Raises
    ------
    CafiError
        For the errors named in `LIBRARY_ERRORS` and in `also`. Everything else passes, and so do a TypeError
        and an AttributeError raised by the guarded line itself: the library was called wrongly.
    """

    def __init__(
        self, path: Path | str, problem: str, way_out: str = DAMAGED, *, also: tuple[type[Exception], ...] = ()
    ) -> None:
        self._path = path
        self._errors: tuple[type[BaseException], ...] = (*LIBRARY_ERRORS, *also)
        self._problem = problem
        self._way_out = way_out

    def __enter__(self) -> None:
        """Stand guard."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or not isinstance(error, self._errors):
            return
        if isinstance(error, TypeError | AttributeError) and (trace is None or trace.tb_next is None):
            return
        raise CafiError(self._sentence(error)) from error

    def _sentence(self, error: BaseException) -> str:
        if isinstance(error, PermissionError):
            return f"{error.filename or self._path}: you have no permission to read it; change its permissions."
        if isinstance(error, FileNotFoundError) and not Path(self._path).exists():
            return f"{self._path}: there is no such file (any more); check the name."
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            return f"{self._path}: {self._problem}, as it needs more memory than there is; crop it, or free memory."
        return f"{self._path}: {self._problem}; {self._way_out}."


def plane_name(t: int, c: int, z: int) -> str:
    """Name a plane as messages do."""
    return f"frame t={t} (c={c}, z={z})"


def check_declared(path: Path | str, what: str, declared: int, stored: int, ratio: int, sparse: int = 0) -> None:
    """Refuse, before anything is allocated, what the file cannot hold.

    Parameters
    ----------
    path : Path
    what : str
        Such as "page 3".
    declared : int
        Bytes that the header promises.
    stored : int
        Bytes that are stored for it.
    ratio : int
        The most that the codec makes of one stored byte.
    sparse : int
        Bytes that may be declared without being stored.

    Raises
    ------
    CafiError
    """
    if declared > stored * ratio + sparse:
        raise CafiError(
            f"{path}: {what} is declared to be {readable_bytes(declared)} large, which the"
            f" {readable_bytes(stored)} stored for it cannot hold; {DAMAGED}."
        )


def codec_ratio(compression: int) -> int:
    """Return the largest expansion of a TIFF compression scheme."""
    return _RATIOS.get(compression, OTHER_RATIO)


def readable_bytes(count: int) -> str:
    """Return a number of bytes with a unit, such as '3.2 MB'."""
    amount, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB", "EB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
