"""What ImageJ's metadata say about single frames, moved to the frames' new places."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any

from cafi.movie.frames import KIND_NAMES

if TYPE_CHECKING:
    from cafi.movie.frames import FrameTable
    from cafi.movie.model import Header, Size
    from cafi.movie.reindex import IndexMap

_MARK = re.compile(r"(?:(?:acquired|resampled) \d+|(?:interpolated|resampled) \d+-\d+ t=\S+)(?: |$)")

# Offsets in ImageJ's ROI format (ij.io.RoiDecoder): big-endian, one-based, 0 means every frame.
_POSITION, _HEADER2 = 56, 60
_Z_POSITION, _T_POSITION = 8, 12


def labels(header: Header) -> list[str]:
    """Return ImageJ's label of every plane, channels fastest, then Z, then T.

    A label begins with the frame's mark, such as 'acquired 12' or 'interpolated 12-13 t=0.5'; what
    the source had there follows.
    """
    size = header.size
    own = own_labels(header.metadata.imagej or {}, size)
    if header.frames is None:
        return own
    marks = [mark(header.frames, index) for index in range(len(header.frames))]
    along = "t" if header.frames.axis == "t" else "z"
    planes = ({"t": t, "z": z} for t in range(size.t) for z in range(size.z) for _ in range(size.c))
    marked = (marks[plane[along]] for plane in planes)
    return [f"{text} {label}".rstrip() for text, label in zip(marked, own, strict=True)]


def mark(frames: FrameTable, index: int) -> str:
    """Return the words that tell an acquired frame from an interpolated or a resampled one."""
    kind, left = KIND_NAMES[int(frames.kind[index])], int(frames.left[index])
    if frames.between[index]:
        return f"{kind} {left}-{left + 1} t={float(frames.fraction[index]):.6g}"
    return f"{kind} {left}"


def own_labels(imagej: dict[str, Any], size: Size) -> list[str]:
    """Return the source's own label of every plane, without marks; empty texts where it has none."""
    found = imagej.get("Labels", [])
    found = [found] if isinstance(found, str) else list(found)
    texts = [_MARK.sub("", str(label), count=1) if _MARK.match(str(label)) else str(label) for label in found]
    count = size.t * size.z * size.c
    return texts if len(texts) == count else [""] * count


def moved(imagej: dict[str, Any], old: Size, new: Size, index_map: IndexMap) -> dict[str, Any]:
    """Return ImageJ's metadata with labels, ROI and overlays at their frames' new places."""
    result = {key: value for key, value in imagej.items() if key not in ("Labels", "ROI", "Overlays")}
    result |= {key: length for key, length in (("frames", new.t), ("slices", new.z)) if key in imagej}
    if "images" in imagej:
        result["images"] = new.t * new.z * new.c
    if "Labels" in imagej:
        result["Labels"] = _moved_labels(own_labels(imagej, old), old, new, index_map)
    for key in ("ROI", "Overlays"):
        rois = imagej.get(key, [])
        rois = [rois] if isinstance(rois, bytes) else list(rois)
        kept = [roi for roi in (_moved_roi(roi, old, new, index_map) for roi in rois) if roi is not None]
        if kept:
            result[key] = kept if key == "Overlays" else kept[0]
    return result


def _moved_labels(texts: list[str], old: Size, new: Size, index_map: IndexMap) -> list[str]:
    result = [""] * (new.t * new.z * new.c)
    for index, text in enumerate(texts):
        place = _moved_place(*_unravel(index, old), index_map)
        if place is not None:
            result[_ravel(*place, new)] = text
    return result


def _moved_roi(roi: bytes, old: Size, new: Size, index_map: IndexMap) -> bytes | None:
    """Return an encoded ROI at its new place; None where its frame was left out."""
    if not isinstance(roi, bytes) or len(roi) < 64 or roi[:4] != b"Iout":
        return roi
    changed = bytearray(roi)
    position, header2 = struct.unpack_from(">ii", roi, _POSITION)
    if 0 < position <= old.t * old.z * old.c:
        place = _moved_place(*_unravel(position - 1, old), index_map)
        if place is None:
            return None
        struct.pack_into(">i", changed, _POSITION, _ravel(*place, new) + 1)
    if 0 < header2 <= len(roi) - 16:
        offset = header2 + (_T_POSITION if index_map.axis == "t" else _Z_POSITION)
        (along,) = struct.unpack_from(">i", roi, offset)
        if along > 0:
            if along - 1 not in index_map.places:
                return None
            struct.pack_into(">i", changed, offset, index_map.places[along - 1] + 1)
    return bytes(changed)


def _unravel(index: int, size: Size) -> tuple[int, int, int]:
    rest, c = divmod(index, size.c)
    t, z = divmod(rest, size.z)
    return t, c, z


def _ravel(t: int, c: int, z: int, size: Size) -> int:
    return (t * size.z + z) * size.c + c


def _moved_place(t: int, c: int, z: int, index_map: IndexMap) -> tuple[int, int, int] | None:
    new = index_map.places.get(t if index_map.axis == "t" else z)
    if new is None:
        return None
    return (new, c, z) if index_map.axis == "t" else (t, c, new)
