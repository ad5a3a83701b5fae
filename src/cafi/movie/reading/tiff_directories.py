"""The chain of page directories of a TIFF file, walked without reading pixels."""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal

from cafi.errors import CafiError
from cafi.movie.reading.guard import DAMAGED, guarded

if TYPE_CHECKING:
    from pathlib import Path

# Pages that agree in these tags form one stack: width, length, bits, photometric, samples,
# planar configuration, sample format, depth.
_FORM_TAGS = frozenset({256, 257, 258, 262, 277, 284, 339, 32997})
# Of these only the presence counts: codec, predictor, where strips or tiles are, and their size.
_LAYOUT_TAGS = frozenset({259, 273, 278, 279, 317, 322, 323, 324, 325})
_SUBFILE_TYPE = 254
_READ_TAGS = _FORM_TAGS | _LAYOUT_TAGS | {_SUBFILE_TYPE}
_DESCRIPTION = 270
_MAX_TAGS = 4096
_INTEGERS = {1: 1, 3: 2, 4: 4, 16: 8}

Endian = Literal["little", "big"]


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
    kinds : list of tuple
        What the numbers in `forms` stand for: tags and their values.
    description : bytes
        Of the first page.
    broken : str or None
        Why the chain ends without an end mark.
    """

    REDUCED = 2**32 - 1

    offsets: array[int] = field(default_factory=lambda: array("Q"))
    forms: array[int] = field(default_factory=lambda: array("L"))
    kinds: list[tuple[tuple[int, int], ...]] = field(default_factory=list)
    description: bytes = b""
    broken: str | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def required_tags(self, page: int) -> Counter[int]:
        """Return how often a page has each of the tags that its pixels cannot be understood without."""
        form = self.forms[page]
        return Counter() if form == self.REDUCED else Counter(code for code, _ in self.kinds[form])

    def require_whole(self, path: Path) -> None:
        """Raise CafiError if the chain is broken."""
        if self.broken:
            raise CafiError(f"{path}: {self.broken}; {DAMAGED}.")


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
    endian: Endian = "little" if order == "<" else "big"
    while offset:
        page = len(result)
        if offset in seen:
            result.broken = f"its page directory {page} points back to an earlier page"
            break
        seen.add(offset)
        file.seek(min(offset, end))
        count = int.from_bytes(file.read(count_size), endian)
        size = count * entry.size
        if count > _MAX_TAGS or offset + count_size + size > end:
            result.broken = f"the directory of its page {page} lies beyond the end of the file"
            if count > _MAX_TAGS:
                result.broken = f"the directory of its page {page} claims {count} tags"
            break
        data = file.read(size + link_size)
        tags = [fields for fields in entry.iter_unpack(data[:size]) if fields[0] in _READ_TAGS]
        result.offsets.append(offset)
        result.forms.append(_form(tags, endian, forms))
        if page == 0:
            result.description = _description(file, data[:size], entry, endian, end)
        offset = int.from_bytes(data[size:], endian)
        if len(data) < size + link_size:
            result.broken = f"the directory of its page {page} is cut off"
            break
    result.kinds.extend(forms)
    return result


def _form(
    tags: list[tuple[int, int, int, bytes]], endian: Endian, forms: dict[tuple[tuple[int, int], ...], int]
) -> int:
    values = []
    for code, kind, count, raw in tags:
        width = _INTEGERS.get(kind, 0)
        if code == _SUBFILE_TYPE:
            if int.from_bytes(raw[:width], endian) & 1 and forms:
                return Directories.REDUCED
        elif code in _LAYOUT_TAGS:
            values.append((code, 0))
        elif width * count <= len(raw):
            values.append((code, int.from_bytes(raw[: width * count], endian)))
        else:
            values.append((code, -count))
    return forms.setdefault(tuple(values), len(forms))


def _description(file: BinaryIO, data: bytes, entry: struct.Struct, endian: Endian, end: int) -> bytes:
    for code, _, count, raw in entry.iter_unpack(data):
        if code == _DESCRIPTION:
            if count <= len(raw):
                return bytes(raw[:count])
            offset = int.from_bytes(raw, endian)
            if offset + count <= end:
                file.seek(offset)
                return file.read(count)
    return b""
