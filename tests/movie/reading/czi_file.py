"""Zeiss CZI files as the format's description (ZISRAW) has them, with what the maker's software notes of planes."""

import struct
from pathlib import Path

import numpy as np

PIXEL_TYPES = {("uint8", 2): 0, ("uint16", 2): 1, ("float32", 2): 2, ("uint8", 3): 3, ("uint16", 3): 4}


def write_czi(path: Path, planes: dict, xml: str = "", tags: dict | None = None, stamps: list | None = None) -> Path:
    """Write planes by (t, c, z); `tags` holds the subblock tags of planes, `stamps` the attached times."""
    with path.open("wb") as file:
        file.write(bytes(544))
        entries = []
        for place, pixels in planes.items():
            entry = directory_entry(place, pixels, file.tell())
            entries.append(entry)
            note = subblock_xml((tags or {}).get(place))
            fields = struct.pack("<iiq", len(note), 0, pixels.nbytes) + entry
            write_segment(file, b"ZISRAWSUBBLOCK", fields.ljust(256, b"\0") + note + pixels.tobytes())
        directory = file.tell()
        write_segment(file, b"ZISRAWDIRECTORY", struct.pack("<i", len(entries)).ljust(128, b"\0") + b"".join(entries))
        metadata = file.tell()
        text = (xml or document()).encode()
        write_segment(file, b"ZISRAWMETADATA", struct.pack("<ii", len(text), 0).ljust(256, b"\0") + text)
        attachments = 0 if stamps is None else write_stamps(file, stamps)
        file.seek(0)
        header = struct.pack(
            "<iiii16s16siqqiq", 1, 0, 0, 0, b"1" * 16, b"2" * 16, 0, directory, metadata, 0, attachments
        )
        write_segment(file, b"ZISRAWFILE", header.ljust(512, b"\0"))
    return path


def write_segment(file, name: bytes, data: bytes) -> None:
    padded = data.ljust(-(-len(data) // 32) * 32, b"\0")
    file.write(struct.pack("<16sqq", name, len(padded), len(data)) + padded)


def directory_entry(place: tuple[int, int, int], pixels: np.ndarray, position: int) -> bytes:
    t, c, z = place
    kind = PIXEL_TYPES[pixels.dtype.name, pixels.ndim]
    dimensions = {"X": (0, pixels.shape[1]), "Y": (0, pixels.shape[0]), "C": (c, 1), "T": (t, 1), "Z": (z, 1)}
    entry = struct.pack("<2siqiiB5xi", b"DV", kind, position, 0, 0, 0, len(dimensions))
    for axis, (start, size) in dimensions.items():
        entry += struct.pack("<4siifi", axis.encode(), start, size, float(start), size)
    return entry


def write_stamps(file, stamps: list) -> int:
    attachment = file.tell()
    entry = struct.pack("<2s10xqi16s8s80s", b"A1", attachment, 0, b"3" * 16, b"CZTIMS", b"TimeStamps")
    data = struct.pack(f"<ii{len(stamps)}d", 8 + 8 * len(stamps), len(stamps), *stamps)
    fields = struct.pack("<q", len(data)).ljust(16, b"\0") + entry
    write_segment(file, b"ZISRAWATTACH", fields.ljust(256, b"\0") + data)
    directory = file.tell()
    write_segment(file, b"ZISRAWATTDIR", struct.pack("<i", 1).ljust(256, b"\0") + entry)
    return directory


def subblock_xml(tags: dict | None) -> bytes:
    if tags is None:
        return b""
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in tags.items())
    return f"<METADATA><Tags>{inside}</Tags></METADATA>".encode()


def document(image: str = "", scaling: str = "", display: str = "") -> str:
    """Return the XML of a file, with these elements inside of its Image, Scaling and DisplaySetting."""
    return (
        f"<ImageDocument><Metadata><Information><Image>{image}</Image></Information><Scaling><Items>{scaling}</Items>"
        f"</Scaling><DisplaySetting><Channels>{display}</Channels></DisplaySetting></Metadata></ImageDocument>"
    )
