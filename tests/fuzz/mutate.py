"""Seeded mutations: of bytes, TIFF tags, descriptions (OME-XML, ImageJ, JSON), Zarr metadata and chunks."""

from __future__ import annotations

import json
import re
import shutil
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

NUMBERS = (0, 1, 2, 3, 5, 7, 8, 16, 17, 255, 256, 1000, 65535, 65536, 10**6, 2**31 - 1, 2**31, 2**32 - 1, 10**10, -1)
TEXTS = (
    "",
    "0",
    "-1",
    "nan",
    "inf",
    "1e400",
    "99999999999999999999",
    "x",
    "XYZCT",
    "../..",
    "tczyx",
    "µm",
    "<",
    "\0",
    "None",
)


def mutate(source: Path, target: Path, random: Random) -> None:
    """Copy a file or folder of the corpus to `target`, damaged in one to three places."""
    if source.is_dir():
        shutil.copytree(source, target)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            files = sorted(file for file in target.rglob("*") if file.is_file())
            metadata = [file for file in files if file.suffix == ".json" or file.name.startswith(".z")]
            _mutate_file(random.choice(metadata if metadata and random.random() < 0.6 else files), random)
    else:
        shutil.copyfile(source, target)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            _mutate_file(target, random)


def _mutate_file(file: Path, random: Random) -> None:
    if not file.exists():
        return
    data = file.read_bytes()
    kinds = [_bytes, _cut, _block]
    if data[:2] in (b"II", b"MM"):
        kinds = [_bytes, _cut, _block, _tag, _tag, _tag, _tag, _description, _description, _description]
    elif data[:1] == b"{":
        kinds = [_bytes, _cut, _json, _json, _json, _json]
    elif random.random() < 0.1:
        file.unlink()
        return
    file.write_bytes(random.choice(kinds)(data, random))


def _bytes(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 2, 8, 64))):
        if changed:
            changed[random.randrange(len(changed))] = random.choice((0, 1, 127, 128, 255, random.randrange(256)))
    return bytes(changed)


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _block(data: bytes, random: Random) -> bytes:
    start, length = random.randrange(len(data) + 1), random.choice((1, 4, 64, 512))
    filling = random.choice((b"", b"\0" * length, b"\xff" * length, data[:length], random.randbytes(length)))
    return data[:start] + filling + data[start + length :]


def _tags(data: bytes) -> tuple[str, list[int], int]:
    """Return byte order, positions of the tag entries of the first 16 directories, and size of an entry."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    entries: list[int] = []
    try:
        (offset,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
        for _ in range(16):
            (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, offset)
            first, size = offset + (8 if big else 2), 20 if big else 12
            entries += [first + size * number for number in range(min(count, 100))]
            (offset,) = struct.unpack_from(order + ("Q" if big else "I"), data, first + size * count)
            if offset == 0:
                break
    except (struct.error, OverflowError):
        pass  # a directory damaged before
    return order, [entry for entry in entries if entry + 20 <= len(data)], 20 if big else 12


def _tag(data: bytes, random: Random) -> bytes:
    order, entries, size = _tags(data)
    if not entries:
        return _bytes(data, random)
    changed, at = bytearray(data), random.choice(entries)
    wide = "Q" if size == 20 else "I"
    part = random.choice(("code", "type", "count", "value", "value", "value"))
    number = random.choice(NUMBERS) % 2 ** (64 if size == 20 else 32)
    if part == "code":
        struct.pack_into(order + "H", changed, at, random.choice((254, 256, 258, 270, 277, 322, 324, 330, 339, 50839)))
    elif part == "type":
        struct.pack_into(order + "H", changed, at + 2, random.choice((0, 1, 2, 3, 4, 5, 7, 11, 12, 16, 99)))
    elif part == "count":
        struct.pack_into(order + wide, changed, at + 4, number)
    else:
        (kind,) = struct.unpack_from(order + "H", changed, at + 2)
        place = at + (12 if size == 20 else 8)
        if kind == 3:
            struct.pack_into(order + "H", changed, place, number % 2**16)
        else:
            struct.pack_into(order + wide, changed, place, number)
    return bytes(changed)


def _description(data: bytes, random: Random) -> bytes:
    """Replace the first description by a mutated one at the end of the file."""
    order, entries, size = _tags(data)
    wide = "Q" if size == 20 else "I"
    for at in entries:
        (code,) = struct.unpack_from(order + "H", data, at)
        if code != 270:
            continue
        count, offset = struct.unpack_from(order + wide * 2, data, at + 4)
        changed = bytearray(data)
        text = _text(data[offset : offset + count].rstrip(b"\0").decode("utf-8", "replace"), random).encode() + b"\0"
        struct.pack_into(order + wide * 2, changed, at + 4, max(len(text), 16), len(changed))
        return bytes(changed) + text.ljust(16, b"\0")
    return _tag(data, random)


def _text(text: str, random: Random) -> str:
    """Change a number, a quoted value, or leave out or double a stretch between brackets or lines."""
    kind = random.random()
    spots = list(
        re.finditer(r"(?<![\w.])-?\d+(\.\d+)?", text) if kind < 0.5 else re.finditer(r'(?<=")[^"<>]*(?=")', text)
    )
    if kind < 0.8 and spots:
        spot = random.choice(spots)
        value = str(random.choice(NUMBERS)) if random.random() < 0.7 else random.choice(TEXTS)
        return text[: spot.start()] + value + text[spot.end() :]
    spots = list(re.finditer(r"<[^>]*>|[^\n]*\n", text))
    if not spots:
        return text + random.choice(TEXTS)
    spot = random.choice(spots)
    return text[: spot.start()] + spot[0] * random.choice((0, 0, 2)) + text[spot.end() :]


def _json(data: bytes, random: Random) -> bytes:
    try:
        document = json.loads(data)
    except ValueError:
        return _bytes(data, random)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(document)
    if places:
        node, key = random.choice(places)
        kind = random.random()
        if kind < 0.2:
            del node[key]
        elif isinstance(node[key], int) and kind < 0.8:
            node[key] = random.choice(NUMBERS)
        else:
            node[key] = random.choice((*NUMBERS, *TEXTS, None, True, [], {}, [node[key]], 0.5))
    return json.dumps(document).encode()
