"""A short text that tells whether a source is still the same, wherever it lies and whenever it was written."""

from __future__ import annotations

import glob
import hashlib
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHOLE_UP_TO = 256 * 2**20
"""Bytes up to which everything is read; larger sources are sampled."""

EDGE = 2**20
BLOCK = 64 * 2**10
BLOCKS = 64
CHUNK = 4 * 2**20


def fingerprint(path: Path) -> str:
    """Return a hash of the content of a file, of all files of a folder, or of the images of a pattern.

    Names inside a folder and sizes count; the path to it and the dates do not. Above 256 MiB in
    total only the size, the first and the last MiB and 64 evenly spaced blocks of 64 KiB are read
    (of a folder: of its files in the order of their names, laid end to end).

    Parameters
    ----------
    path : Path
        A file, a folder such as an OME-Zarr, or a pattern of single-frame images.

    Returns
    -------
    str
        'sha256:<hex>', or 'sha256-sampled:<hex>' for a large source.

    Raises
    ------
    CafiError
        If there is no such file, or it may not be read.
    """
    try:
        parts = [(name, file, file.stat().st_size) for name, file in _files(path)]
        total = sum(size for _, _, size in parts)
        digest = hashlib.sha256(b"".join(_entry(name, size) for name, _, size in parts))
        whole = total <= WHOLE_UP_TO
        files = [file for _, file, _ in parts]
        begins = [0, *accumulate(size for _, _, size in parts)]
        for start, stop in [(0, total)] if whole else _samples(total):
            for chunk in _read(files, begins, start, stop):
                digest.update(chunk)
    except FileNotFoundError as error:
        raise CafiError(f"{path} is not there; check the path.") from error
    except OSError as error:
        raise CafiError(f"{path} cannot be read; check that you may read it and that its disk is there.") from error
    return f"{'sha256' if whole else 'sha256-sampled'}:{digest.hexdigest()}"


def _files(path: Path) -> list[tuple[str, Path]]:
    """List the files of a source with their names relative to it, in the same order on every system."""
    if path.is_dir():
        return sorted((file.relative_to(path).as_posix(), file) for file in path.rglob("*") if file.is_file())
    if path.exists() or not glob.has_magic(str(path)):
        return [("", path)]
    from cafi.movie.reading.images import image_files, pattern_root

    root = pattern_root(path)
    return [(file.relative_to(root).as_posix(), file) for file in image_files(path)] or [("", path)]


def _entry(name: str, size: int) -> bytes:
    # The length in front keeps two different lists of names and sizes from giving the same bytes.
    encoded = name.encode("utf-8", "surrogateescape")
    return len(encoded).to_bytes(4, "little") + encoded + size.to_bytes(8, "little")


def _samples(total: int) -> list[tuple[int, int]]:
    """Return the byte ranges of a large source that are read."""
    starts = [round(i * (total - BLOCK) / (BLOCKS - 1)) for i in range(BLOCKS)]
    return [(0, EDGE), *((start, start + BLOCK) for start in starts), (total - EDGE, total)]


def _read(files: list[Path], begins: list[int], start: int, stop: int) -> Iterator[bytes]:
    """Yield bytes start to stop of the files laid end to end, each beginning at its place in begins."""
    for index in range(bisect_right(begins, start) - 1, bisect_left(begins, stop)):
        lower = max(start - begins[index], 0)
        left = min(stop, begins[index + 1]) - begins[index] - lower
        with files[index].open("rb") as handle:
            handle.seek(lower)
            while left > 0 and (chunk := handle.read(min(left, CHUNK))):
                left -= len(chunk)
                yield chunk
