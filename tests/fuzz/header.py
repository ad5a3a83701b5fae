"""What the header of a mutated input states, read independently of the package."""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class TiffHeader:
    """What the directories of a TIFF file state."""

    width: int
    length: int
    samples: int
    alike: int
    descriptions: tuple[str, ...]


def contradiction(path: Path, answer: dict[str, Any]) -> str | None:
    """Return how the answer of the reader contradicts the header of the input, or None."""
    if answer["format"].startswith("OME-Zarr"):
        return _zarr_contradiction(path, answer)
    if answer["format"].endswith(("image", "images")):
        return _images_contradiction(path, answer)
    # In a folder, the first file by name is the one that the movie is opened by.
    header = _tiff_header((sorted(path.glob("*.tif"))[0] if path.is_dir() else path).read_bytes())
    t, c, z, y, x = answer["size"]
    if (y, x) != (header.length, header.width):
        return f"the first page is {header.length}x{header.width}, the answer {y}x{x}"
    planes, stated = t * z * c * answer["samples"], _stated_planes(header, answer["format"])
    if answer["scenes"] > 1 and answer["format"] == "TIFF":
        return None if planes <= max(stated) else f"several scenes, the first of {planes} of {max(stated)} planes"
    return None if planes in stated else f"the header states {sorted(stated)} planes, the answer has {planes}"


def _tiff_header(data: bytes) -> TiffHeader:
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    wide, size = ("Q", 20) if big else ("I", 12)
    (offset,) = struct.unpack_from(order + wide, data, 8 if big else 4)
    pages: list[dict[int, bytes]] = []
    texts: list[str] = []
    seen: set[int] = set()
    while offset and offset not in seen and offset + 8 <= len(data):
        seen.add(offset)
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, offset)
        first = offset + (8 if big else 2)
        if first + count * size > len(data):
            break
        entries = range(first, first + count * size, size)
        tags: dict[int, bytes] = {}
        for at in entries:
            (code,) = struct.unpack_from(order + "H", data, at)
            tags.setdefault(code, data[at + 2 : at + size])
            if code == 270 and not pages:
                texts.append(_text(data[at + 2 : at + size], order, wide, data))
        pages.append(tags)
        link = data[first + count * size :][: 8 if big else 4]
        offset = int.from_bytes(link, "little" if order == "<" else "big")
    sizes = [tuple(_value(page.get(tag), order, wide, 1, data) for tag in (256, 257, 277)) for page in pages]
    # Smaller copies of a page do not count.
    main = [
        number
        for number, page in enumerate(pages)
        if number == 0 or not _value(page.get(254), order, wide, 0, data) & 1
    ]
    depth = _value(pages[0].get(32997), order, wide, 1, data)
    alike = sum(sizes[number] == sizes[0] for number in main) * max(depth, 1)
    return TiffHeader(*sizes[0], alike, tuple(texts))


def _value(tag: bytes | None, order: str, wide: str, default: int, data: bytes) -> int:
    """Return the first number of a tag."""
    if tag is None:
        return default
    kind, count = struct.unpack_from(order + "H" + wide, tag)
    code = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(kind, "H")
    place = 2 + struct.calcsize(wide)
    if count * struct.calcsize(code) > struct.calcsize(wide):
        (offset,) = struct.unpack_from(order + wide, tag, place)
        return int(struct.unpack_from(order + code, data, offset)[0]) if 8 <= offset <= len(data) - 8 else default
    return int(struct.unpack_from(order + code, tag, place)[0])


def _text(tag: bytes, order: str, wide: str, data: bytes) -> str:
    count, offset = struct.unpack_from(order + wide * 2, tag, 2)
    text = data[offset : offset + count].rstrip(b"\0 \n\r\t")
    try:
        return text.decode().strip()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace").strip()


def _stated_planes(header: TiffHeader, answered: str) -> set[int]:
    if answered == "OME-TIFF":
        root = ElementTree.fromstring(header.descriptions[0])
        pixels = next(element for element in root.iter() if element.tag.endswith("Pixels"))
        return {math.prod(int(pixels.get(f"Size{axis}", 0)) for axis in "TCZ")}
    if answered == "ImageJ TIFF":
        # As in ImageJ, the last of several equal keys counts.
        description = next(text for text in header.descriptions if "ImageJ" in text or "SCIFIO" in text)
        found = dict(re.findall(r"^\s*(\w+)\s*=\s*(\d+)\s*$", description, re.MULTILINE))
        images, frames, slices, channels = (
            int(found.get(key, 1)) for key in ("images", "frames", "slices", "channels")
        )
        return {frames * slices * channels * header.samples, frames * slices * channels, images * header.samples}
    stated = {header.alike * header.samples}
    try:
        shape = json.loads(header.descriptions[0])["shape"]
        if all(type(n) is int for n in shape):
            stated.add(math.prod(shape) // (header.width * header.length))
    except (ValueError, TypeError, KeyError, IndexError):
        pass
    return stated


def _images_contradiction(path: Path, answer: dict[str, Any]) -> str | None:
    data = [file.read_bytes() for file in sorted(path.iterdir())]
    images = [image for image in data if image.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))]
    if answer["size"][0] != len(images):
        return f"there are {len(images)} images, the answer has {answer['size'][0]}"
    if images[0].startswith(b"\x89PNG"):
        width, length = struct.unpack_from(">II", images[0], 16)
        if answer["size"][3:] != [length, width]:
            return f"the first image is {length}x{width}, the answer {answer['size'][3:]}"
    return None


def _zarr_contradiction(path: Path, answer: dict[str, Any]) -> str | None:
    if (path / "zarr.json").exists():
        attributes = json.loads((path / "zarr.json").read_text())["attributes"]
        attributes = attributes.get("ome", attributes)
    else:
        attributes = json.loads((path / ".zattrs").read_text())
    image = attributes["multiscales"][0]
    array = path / image["datasets"][0]["path"]
    file = array / "zarr.json" if (array / "zarr.json").exists() else array / ".zarray"
    shape = json.loads(file.read_text())["shape"]
    names = [axis.get("name", "") if isinstance(axis, dict) else axis for axis in image.get("axes") or "tczyx"]
    size = dict(zip("tczyx", answer["size"], strict=True))
    for name, length in zip(names, shape, strict=True):
        if name in ("y", "x") and size[name] != length:
            return f"the array's {name} is {length}, the answer's {size[name]}"
    if math.prod(shape) != math.prod(answer["size"]) * answer["samples"]:
        return f"the array's shape is {shape}, the answer's size {answer['size']}"
    return None
