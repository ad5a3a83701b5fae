"""The segments of a CZI file: checked before the library reads them, and time stamps that it does not read.

The layout is that of Zeiss's description of the file format (ZISRAW): the header tells where the
directories of subblocks (tiles of planes) and of attachments begin.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cafi.errors import CafiError
from cafi.movie.reading.guard import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_SEGMENT = struct.Struct("<16sqq")
_POSITIONS = struct.Struct("<52xqqiq")
_SUBBLOCK = struct.Struct("<2siqii6xi")
_DIMENSION = struct.Struct("<4siifi")
_ATTACHMENT = struct.Struct("<12xqi16s8s80s")
_AXES = frozenset("XYZCTRSIHVBM")
_LARGEST_INDEX = 2**24
_SPARSE = 1000


@dataclass(frozen=True)
class _Segment:
    """Where the data of a segment begin, and how many bytes are used."""

    begin: int
    used: int


def check_directory(path: Path, file: BinaryIO) -> None:
    """Refuse a file whose directory of subblocks is broken.

    The library trusts it: an axis that begins at a wrong index makes it fill the memory.

    Raises
    ------
    CafiError
    """
    directory = _segment(file, 0, b"ZISRAWDIRECTORY")
    entries = [] if directory is None else list(_subblocks(file, directory))
    if not entries or None in entries:
        raise CafiError(f"{path}: its directory of planes is broken; {DAMAGED}.")
    found = sorted(place for entry in entries for place in entry or ())
    for axis, places in groupby(found, key=lambda place: place[0]):
        indices = [index for _, index in places]
        if axis not in "XY" and indices[-1] - indices[0] >= _SPARSE * len(entries):
            raise CafiError(f"{path}: its {len(entries)} planes cannot be as far apart as it says; {DAMAGED}.")


def _subblocks(file: BinaryIO, directory: _Segment) -> Iterator[list[tuple[str, int]] | None]:
    """Yield the axes and indices of each subblock; None for a broken one."""
    file.seek(directory.begin)
    data = file.read(directory.used)
    (count,) = struct.unpack_from("<i", data)
    at = 128
    for _ in range(count):
        if at + _SUBBLOCK.size > len(data):
            yield None
            return
        kind, _, _, _, _, dimensions = _SUBBLOCK.unpack_from(data, at)
        at += _SUBBLOCK.size
        if kind != b"DV" or not 0 < dimensions <= len(_AXES) or at + dimensions * _DIMENSION.size > len(data):
            yield None
            return
        found = []
        for name, start, size, _, _ in _DIMENSION.iter_unpack(data[at : at + dimensions * _DIMENSION.size]):
            axis = name.rstrip(b"\0").decode("latin-1")
            sound = axis in _AXES and size >= 0 and (axis in "XY" or 0 <= start < _LARGEST_INDEX)
            found.append((axis, start) if sound else ("", 0))
        yield None if ("", 0) in found else found
        at += dimensions * _DIMENSION.size


def attached_times(file: BinaryIO) -> list[float]:
    """Return the time stamps that are attached to a CZI file, in seconds; [] where there are none."""
    directory = _segment(file, 2, b"ZISRAWATTDIR")
    if directory is None:
        return []
    file.seek(directory.begin)
    data = file.read(directory.used)
    (count,) = struct.unpack_from("<i", data)
    last = min(count, (len(data) - 256) // 128)
    for number in range(last):
        position, _, _, kind, _ = _ATTACHMENT.unpack_from(data, 256 + 128 * number)
        times = _segment_at(file, position, b"ZISRAWATTACH") if kind.startswith(b"CZTIMS") else None
        if times is not None and times.used >= 256 + 8:
            file.seek(times.begin + 256)
            content = file.read(times.used - 256)
            frames = min(struct.unpack_from("<ii", content)[1], (len(content) - 8) // 8)
            return list(struct.unpack_from(f"<{max(frames, 0)}d", content, 8))
    return []


def _segment(file: BinaryIO, which: int, name: bytes) -> _Segment | None:
    """Return one of the segments that the header points to: 0 subblocks, 1 metadata, 2 attachments."""
    header = _segment_at(file, 0, b"ZISRAWFILE")
    if header is None or header.used < _POSITIONS.size:
        return None
    file.seek(header.begin)
    subblocks, metadata, _, attachments = _POSITIONS.unpack(file.read(_POSITIONS.size))
    position = (subblocks, metadata, attachments)[which]
    return _segment_at(file, position, name) if position > 0 else None


def _segment_at(file: BinaryIO, position: int, name: bytes) -> _Segment | None:
    """Return the segment at a position, if it is of that kind and lies in the file."""
    length = file.seek(0, 2)
    if not 0 <= position <= length - _SEGMENT.size:
        return None
    file.seek(position)
    kind, allocated, used = _SEGMENT.unpack(file.read(_SEGMENT.size))
    begin = position + _SEGMENT.size
    # Zero means that all of what is allocated is used.
    used = used or allocated
    return _Segment(begin, used) if kind.startswith(name) and 4 <= used <= length - begin else None
