"""The metadata of OME-Zarr images, checked as far as they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.movie.model import Channel, PixelSize
from cafi.movie.reading.guard import DAMAGED
from cafi.movie.reading.imagej import number, scaled_pixel_size

if TYPE_CHECKING:
    from pathlib import Path

    from cafi.movie.reading.ome import OmeImage

Steps = dict[str, tuple[float, str | None]]
"""Distance between neighbours along each axis, by its letter, and the unit."""


def axes_of(path: Path, multiscale: dict[str, Any], ndim: int) -> list[tuple[str, str | None]]:
    """Return label and unit of every axis; axes that are none of TCZYX get letters of unknown meaning."""
    stated = multiscale.get("axes")
    if stated is None:
        stated = list("tczyx")[-ndim:]  # OME-Zarr 0.1 and 0.2
    if not isinstance(stated, list) or len(stated) != ndim:
        raise CafiError(f"{path}: its axes do not match its array of {ndim} dimensions; {DAMAGED}.")
    axes = []
    for place, axis in enumerate(stated):
        fields = axis if isinstance(axis, dict) else {"name": axis}
        name, unit = text(fields.get("name")), text(fields.get("unit"))
        label = {"time": "T", "channel": "C"}.get(text(fields.get("type")) or "", (name or "").upper())
        axes.append((label if len(label) == 1 and label in "TCZYX" else "IJKLMNOPQ"[min(place, 8)], unit))
    labels = [label for label, _ in axes]
    if labels.count("Y") != 1 or labels.count("X") != 1:
        raise CafiError(f"{path}: its axes do not name Y and X once each; {DAMAGED}.")
    return axes


def scale_of(path: Path, multiscale: dict[str, Any], dataset: dict[str, Any], ndim: int) -> list[float]:
    """Return the distance between neighbours along every axis, 1 where none is stated."""
    scale = [1.0] * ndim
    for holder in (dataset, multiscale):
        if holder.get("coordinateTransformations") is None:
            continue
        for transformation in entries(path, holder, "coordinateTransformations"):
            if transformation.get("type") != "scale" or "scale" not in transformation:
                continue
            steps = transformation["scale"]
            if not isinstance(steps, list) or len(steps) != ndim or any(not (number(step) or 0) > 0 for step in steps):
                raise CafiError(f"{path}: its scale is not {ndim} positive numbers; {DAMAGED}.")
            scale = [old * float(step) for old, step in zip(scale, steps, strict=True)]
    return scale


def pixel_size(steps: Steps, ome: OmeImage | None) -> PixelSize:
    """Return the pixel size; axes without a unit, or of another unit than x, are left open."""
    lengths = {axis: steps[axis] for axis in "ZYX" if axis in steps}
    units = [unit for _, unit in lengths.values() if unit]
    if not units:
        return ome.pixel_size if ome else PixelSize()
    sizes = {axis: scaled_pixel_size(None, None, step, unit) for axis, (step, unit) in lengths.items() if unit}
    common = (sizes.get("X") or next(iter(sizes.values()))).unit
    z, y, x = (sizes[axis].x if axis in sizes and sizes[axis].unit == common else None for axis in "ZYX")
    return PixelSize(z, y, x, common)


def channels_of(attributes: dict[str, Any], count: int) -> tuple[Channel, ...]:
    """Return names and colours from the omero metadata, () where they do not fit."""
    omero = attributes.get("omero")
    listed = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(listed, list) or len(listed) != count or not all(isinstance(one, dict) for one in listed):
        return ()
    return tuple(Channel(text(one.get("label")), _color(text(one.get("color")))) for one in listed)


def _color(text: str | None) -> str | None:
    digits = (text or "").removeprefix("#").lower()[:6]
    return f"#{digits}" if len(digits) == 6 and set(digits) <= set("0123456789abcdef") else None


def compression_of(compressors: Any) -> str | None:
    """Return the names of an array's compressors."""
    names = [getattr(codec, "codec_id", type(codec).__name__.removesuffix("Codec").lower()) for codec in compressors]
    return ", ".join(names) or None


def version_of(attributes: dict[str, Any], multiscale: dict[str, Any], zarr_format: int) -> str:
    """Return the version of OME-Zarr."""
    stated = text(attributes.get("version")) or text(multiscale.get("version"))
    return stated or ("0.5" if zarr_format == 3 else "0.4")


def entries(path: Path, holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a list of descriptions, or raise CafiError."""
    entries = holder.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CafiError(f"{path}: its {key} are not a list of descriptions; {DAMAGED}.")
    return entries


def path_of(path: Path, entry: dict[str, Any]) -> str:
    """Return the path that a description names, or raise CafiError."""
    where = text(entry.get("path"))
    if where is None:
        raise CafiError(f"{path}: a part of it is listed without a path; {DAMAGED}.")
    return where


def text(value: Any) -> str | None:
    """Return a text that is not empty, or None."""
    return value if isinstance(value, str) and value else None
