"""How an output was made and which of its frames were measured: one JSON document, in every format.

The document is versioned and column-wise. OME-TIFF (and the OME-XML inside an OME-Zarr) holds it as
a structured annotation, ImageJ TIFF as a line of Info, OME-Zarr as attributes; a CSV says the same
to people. Floats are written so that they come back bit-identical.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.movie.frames import KIND_NAMES, FrameTable
from cafi.movie.plain import damaged, dumps, from_plain, loads, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cafi.movie.model import Header

VERSION = 1
NAMESPACE = "cafi/provenance"
CONTENT, BOUNDS = "content", "interval bounds"  # an entry of the run, in a movie whose pixels are no intensities
_INFO_PREFIX = "cafi "
_KIND_LETTERS = "".join(name[0] for name in KIND_NAMES)


def document(header: Header) -> dict[str, Any]:
    """Return the provenance of a movie that cafi made, as JSON values.

    Raises
    ------
    ValueError
        If the header has no frame table.
    """
    frames = header.frames
    if frames is None:
        raise ValueError("only a movie with a frame table has provenance")
    columns = {
        "axis": frames.axis,
        "unit": frames.unit,
        "positions": frames.positions.tolist(),
        "kind": "".join(_KIND_LETTERS[kind] for kind in frames.kind),
        "left": frames.left.tolist(),
        "fraction": frames.fraction.tolist(),
        "source_positions": frames.source_positions.tolist(),
    }
    return {"version": VERSION, "frames": columns, "run": to_plain(header.provenance or {})}


def to_json(header: Header) -> str:
    """Return the provenance document as compact JSON text in ASCII; see `document`."""
    return dumps(document(header))


def from_ome_xml(xml: str) -> tuple[FrameTable, dict[str, Any]] | None:
    """Find the frame table and the provenance in OME-XML; None where cafi did not write it.

    Raises
    ------
    CafiError
        If the annotation is cafi's, but damaged.
    """
    text = annotation_text(xml, NAMESPACE)
    return None if text is None else _read(loads(text))


def from_imagej(info: str) -> tuple[FrameTable, dict[str, Any]] | None:
    """Find them in the Info text of an ImageJ TIFF; as `from_ome_xml`."""
    text = info_value(info, "provenance")
    return None if text is None else _read(loads(text))


def from_attributes(attributes: dict[str, Any]) -> tuple[FrameTable, dict[str, Any]] | None:
    """Find them in the attributes of a Zarr group; as `from_ome_xml`."""
    ours = attributes.get("cafi")
    found = ours.get("provenance") if isinstance(ours, dict) else None
    return None if found is None else _read(found)


def annotation_text(xml: str, namespace: str) -> str | None:
    """Return the text of an annotation in OME-XML; None where there is none or the XML cannot be read."""
    if namespace not in xml:
        return None
    from cafi.movie import ome_tree

    root = ome_tree.parse(xml)
    for found in ome_tree.structured_annotations(root, namespace) if root is not None else ():
        for value in ome_tree.named(found, "Value"):
            return str(value.text or "")
    return None


def info_line(key: str, text: str) -> str:
    """Return a line of cafi's for the Info text of an ImageJ TIFF."""
    return f"{_INFO_PREFIX}{key}: {text}"


def info_value(info: str, key: str) -> str | None:
    """Return what `info_line` put into an Info text, or None."""
    prefix = info_line(key, "")
    return next((line[len(prefix) :] for line in info.split("\n") if line.startswith(prefix)), None)


def write_csv(path: Path, header: Header) -> None:
    """Write the frame table for people and spreadsheets, whole or not at all.

    One row for each output frame, and one of kind 'left_out', without an index, for each acquired
    frame that the output does not contain, at its place in the order.

    Columns: index; time_s (or time_frame, depth_µm, depth_frame); kind; source_frame of frames at the time of
    an acquired one; gap_start, gap_end and t (the fraction of the gap) of those between two.

    Raises
    ------
    CafiError
        If the disk is full or the folder cannot be written.
    """
    from cafi.movie.writing.progress import told_clearly

    frames = header.frames
    if frames is None:
        raise ValueError("only a movie with a frame table has rows to write")
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    quantity = "time" if frames.axis == "t" else "depth"
    rows.writerow(["index", f"{quantity}_{frames.unit}", "kind", "source_frame", "gap_start", "gap_end", "t"])
    rows.writerows(row for _, row in sorted(_rows(frames), key=lambda pair: pair[0]))
    temporary = path.with_name(path.name + ".tmp")
    with told_clearly(path, lambda: "the table of frames is not stored"):
        temporary.write_bytes(text.getvalue().encode())
        temporary.replace(path)


def _rows(frames: FrameTable) -> Iterator[tuple[float, list[Any]]]:
    for index, kind in enumerate(frames.kind.tolist()):
        position, left = float(frames.positions[index]), int(frames.left[index])
        if frames.between[index]:
            place = ["", left, left + 1, repr(float(frames.fraction[index]))]
        else:
            place = [left, "", "", ""]
        yield position, [index, repr(position), KIND_NAMES[kind], *place]
    for left in frames.left_out.tolist():
        position = float(frames.source_positions[left])
        yield position, ["", repr(position), "left_out", left, "", "", ""]


def _read(found: Any) -> tuple[FrameTable, dict[str, Any]]:
    """Check a document that claims to be ours."""
    import numpy as np

    if isinstance(found, dict) and isinstance(found.get("version"), int) and found["version"] > VERSION:
        raise CafiError(
            f"This file was written by a newer cafi (record version {found['version']}, this cafi knows {VERSION}); "
            "update cafi to read it."
        )
    try:
        columns, run = found["frames"], found["run"]
        frames = FrameTable(
            axis=columns["axis"],
            unit=columns["unit"],
            positions=np.array(columns["positions"], dtype=np.float64),
            kind=np.array([_KIND_LETTERS.index(letter) for letter in columns["kind"]], dtype=np.uint8),
            left=np.array(columns["left"], dtype=np.int64),
            fraction=np.array(columns["fraction"], dtype=np.float64),
            source_positions=np.array(columns["source_positions"], dtype=np.float64),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged() from error
    if not (isinstance(run, dict) and _is_sound(frames)):
        raise damaged()
    return frames, from_plain(run)


def _is_sound(frames: FrameTable) -> bool:
    import numpy as np

    columns = (frames.positions, frames.kind, frames.left, frames.fraction)
    if frames.axis not in ("t", "z") or not isinstance(frames.unit, str) or frames.source_positions.ndim != 1:
        return False
    if any(column.shape != (frames.positions.size,) for column in columns):
        return False
    gap_end = frames.left + (frames.fraction > 0)
    return bool(
        np.isfinite(frames.positions).all()
        and np.isfinite(frames.source_positions).all()
        and (np.diff(frames.positions) > 0).all()
        and (frames.left >= 0).all()
        and (gap_end < frames.source_positions.size).all()
        and ((frames.fraction >= 0) & (frames.fraction < 1)).all()
    )
