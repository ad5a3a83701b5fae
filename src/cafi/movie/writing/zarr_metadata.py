"""The metadata of an OME-Zarr image: OME's own, cafi's, and the OME-XML beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from yaozarrs import v05

from cafi.movie import provenance
from cafi.movie.carried import header_document
from cafi.movie.ome import build_ome_xml, ome_unit
from cafi.movie.plain import to_plain
from cafi.movie.reindex import regular_step
from cafi.movie.writing.levels import level_sizes, step_factors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.model import Header

_SPACE_UNITS = {
    "Å": "angstrom",
    "fm": "femtometer",
    "pm": "picometer",
    "nm": "nanometer",
    "µm": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "dm": "decimeter",
    "m": "meter",
    "km": "kilometer",
    "in": "inch",
    "ft": "foot",
    "yd": "yard",
    "mi": "mile",
}
_COLORS = ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF")
_SAMPLES = (("red", "FF0000"), ("green", "00FF00"), ("blue", "0000FF"), ("alpha", "FFFFFF"))


def write_metadata(path: Path, header: Header, sampled: NDArray[Any]) -> None:
    """Write all metadata of an image group; can be repeated.

    Parameters
    ----------
    path : Path
        The group, with its arrays.
    header : Header
    sampled : ndarray, shape (N, C*S, Z, Y, X)
        Some of the pixels, to choose display ranges by.

    Raises
    ------
    CafiError
        If the source was written by cafi and its record is damaged.
    """
    ours: dict[str, Any] = {"samples": header.samples, "header": header_document(header)}
    if header.frames is not None:
        ours["provenance"] = provenance.document(header)
    image = v05.Image.model_validate({"multiscales": [_multiscale(header)], "omero": _omero(header, sampled)})
    attributes = {"ome": image.model_dump(mode="json", exclude_none=True), "cafi": to_plain(ours)}
    # Where Bio-Formats' converter puts it, as the specification describes.
    folder = path / "OME"
    if not (folder / "zarr.json").exists():
        zarr.create_group(folder, zarr_format=3)
    draft = folder / "METADATA.ome.xml.partial"
    draft.write_bytes(build_ome_xml(header, stored_in="elsewhere").encode())
    draft.replace(folder / "METADATA.ome.xml")
    zarr.open_group(path, mode="r+").attrs.put(attributes)


def _multiscale(header: Header) -> v05.Multiscale:
    pixel_size, times = header.pixel_size, header.times
    space = _SPACE_UNITS.get(ome_unit(pixel_size.unit))
    lengths = {"z": pixel_size.z, "y": pixel_size.y, "x": pixel_size.x}
    step = None
    if times is not None and len(times) > 1:
        # The exact times are in cafi's attributes; a scale can only state one interval.
        step = regular_step(times) or float(times[-1] - times[0]) / (len(times) - 1)
    axes: list[dict[str, str]] = [
        {"name": "t", "type": "time"} | ({"unit": "second"} if step is not None else {}),
        {"name": "c", "type": "channel"},
    ]
    for name, length in lengths.items():
        axes.append({"name": name, "type": "space"} | ({"unit": space} if length is not None and space else {}))
    z, y, x = (1.0 if length is None else length for length in lengths.values())
    datasets = []
    for level, (fy, fx) in enumerate(step_factors(level_sizes(header.size.y, header.size.x))):
        scale = [step or 1.0, 1.0, z, y * fy, x * fx]
        transformations: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
        if level:
            # The mean of 2x2 pixels lies between them, not at the first.
            shift = [0.0, 0.0, 0.0, y * (fy - 1) / 2, x * (fx - 1) / 2]
            transformations.append({"type": "translation", "translation": shift})
        datasets.append({"path": str(level), "coordinateTransformations": transformations})
    return v05.Multiscale.model_validate(
        {"name": header.name, "axes": axes, "datasets": datasets, "type": "mean of 2x2 pixels"}
    )


def _omero(header: Header, sampled: NDArray[Any]) -> dict[str, Any]:
    """Return names, colours and display ranges of the channels (of the samples of RGB pixels, one by one)."""
    channels = []
    for index in range(header.size.c * header.samples):
        c, sample = divmod(index, header.samples)
        known = header.channels[c] if c < len(header.channels) else None
        name = (known.name if known else None) or f"Channel {c}"
        color = (known.color or "").lstrip("#") if known else ""
        if header.samples > 1:
            part, color = _SAMPLES[sample]
            name = f"{name} {part}" if header.size.c > 1 else part
        if not color:
            color = "FFFFFF" if header.size.c == 1 else _COLORS[c % len(_COLORS)]
        channels.append({"label": name, "color": color, "active": True, "window": _window(header, sampled[:, index])})
    return {"channels": channels, "rdefs": {"model": "color"}}


def _window(header: Header, pixels: NDArray[Any]) -> dict[str, float]:
    finite = pixels[np.isfinite(pixels)]
    start, end = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    end = end if end > start else start + 1
    if header.dtype.kind not in "iu":
        return {"min": start, "max": end, "start": start, "end": end}
    info = np.iinfo(header.dtype)
    top = 2**header.significant_bits - 1 if header.significant_bits else int(info.max)
    return {"min": float(info.min), "max": float(max(top, end)), "start": start, "end": end}
