"""ImageJ's metadata: what the pages of a stack are, their calibration and channels."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.movie.model import Channel, PixelSize
from cafi.movie.reading.dimensions import Dimensions
from cafi.movie.units import to_micrometres, to_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

# ImageJ writes hyperstacks in the order czt (channels fastest); older plug-ins name others.
_ORDERS = {"czt": "TZC", "ctz": "ZTC", "zct": "TCZ", "ztc": "CTZ", "tcz": "ZCT", "tzc": "CZT"}

# Resolutions that programs write when nothing was measured: dots per inch of screens and printers.
_INCH, _CENTIMETRE = 25400.0, 10000.0
_DISPLAY_DPI = (72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 240, 300, 360, 600, 720, 1200, 2400)


def page_dimensions(metadata: dict[str, Any], samples: int) -> Dimensions | None:
    """Return what ImageJ says about the pages of a stack.

    Parameters
    ----------
    metadata : dict
        As tifffile gives it.
    samples : int
        Channels that lie inside each page (Bio-Formats counts them as channels), or 1.

    Returns
    -------
    Dimensions or None
        Of T, Z and C, slowest first; 'I' where only a number of images is stated; None where
        the numbers make no sense.
    """
    frames, slices, channels = (_count(metadata, key) for key in ("frames", "slices", "channels"))
    images = _count(metadata, "images")
    if None in (frames, slices, channels, images) or not (frames and slices and channels and images):
        return None
    if channels == samples:
        channels = 1
    if frames * slices * channels == 1 and images > 1:
        return Dimensions("I", (images,))
    lengths = {"T": frames, "Z": slices, "C": channels}
    labels = _ORDERS.get(str(metadata.get("order", "czt")).lower(), "TZC")
    return Dimensions(labels, tuple(lengths[label] for label in labels))


def slices_as_time(found: Dimensions, metadata: dict[str, Any]) -> tuple[Dimensions, tuple[str, ...]]:
    """Take slices without frames as time, unless the file states their distance.

    ImageJ calls the members of every simple stack slices, those of a time lapse too.
    """
    slices, spacing = found.length("Z"), number(metadata.get("spacing"))
    if slices == 1 or found.length("T") > 1:
        return found, ()
    others = "C" if found.length("C") > 1 else ""
    if spacing is not None and spacing > 0:
        return found, (
            f"The {slices} ImageJ slices were taken as depth, as the file states a spacing of {spacing:g};"
            f" --axes T{others}YX takes them as time.",
        )
    labels = found.labels.translate(str.maketrans("TZ", "ZT"))
    return Dimensions(labels, found.shape), (
        f"The {slices} ImageJ slices were taken as time, as the file has no frames and states no spacing;"
        f" --axes Z{others}YX takes them as depth.",
    )


def pixel_size(metadata: dict[str, Any], resolution: tuple[float, float], unit: int) -> PixelSize:
    """Return the pixel size from ImageJ's calibration and the TIFF resolution.

    Parameters
    ----------
    metadata : dict
        ``unit`` and ``spacing`` are used.
    resolution : tuple of float
        Pixels per unit along x and y, 0 where not stated.
    unit : int
        The TIFF ResolutionUnit: 1 none, 2 inch, 3 centimetre.
    """
    x, y = (1 / value if value > 0 and math.isfinite(value) else None for value in resolution)
    spacing = number(metadata.get("spacing"))
    z = spacing if spacing is not None and spacing > 0 else None
    name = str(metadata.get("unit", "")).strip() or {2: "inch", 3: "cm"}.get(unit, "")
    if not name:
        return PixelSize(z, None, None, "pixel") if z is not None else PixelSize()
    if to_micrometres(1.0, name) in (_INCH, _CENTIMETRE) and x is not None:
        per_inch = _INCH / (x * (to_micrometres(1.0, name) or 1))
        if any(abs(per_inch - dpi) < 0.01 * dpi for dpi in _DISPLAY_DPI):
            return PixelSize()
    return scaled_pixel_size(z, y, x, name)


def scaled_pixel_size(z: float | None, y: float | None, x: float | None, unit: str) -> PixelSize:
    """Return a pixel size in µm, or in its own unit where that is no metric length."""
    if to_micrometres(1.0, unit) is None:
        return PixelSize(z, y, x, unit)
    z, y, x = (None if value is None else to_micrometres(value, unit) for value in (z, y, x))
    return PixelSize(z, y, x)


def frame_interval(metadata: dict[str, Any]) -> tuple[float | None, tuple[str, ...]]:
    """Return the frame interval in seconds, or None; and what had to be assumed."""
    interval, rate = number(metadata.get("finterval")), number(metadata.get("fps"))
    if interval is not None and interval > 0:
        return to_seconds(interval, str(metadata.get("tunit", "s")).strip() or "s"), ()
    if rate is not None and rate > 0:
        # ImageJ also stores the speed of its animation as fps.
        return 1 / rate, (
            f"The frame interval of {1 / rate:g} s was taken from the {rate:g} frames per second that the file states.",
        )
    return None, ()


def channels(metadata: dict[str, Any], count: int) -> tuple[Channel, ...]:
    """Return names and colours: labels that all images of a channel share, and the ends of the lookup tables."""
    names: list[str | None] = [None] * count
    labels = metadata.get("Labels")
    if isinstance(labels, list) and count > 1 and len(labels) % count == 0:
        for c in range(count):
            shared = {str(label) for label in labels[c::count]}
            if len(shared) == 1 and shared != {""}:
                names[c] = shared.pop()
    tables = metadata.get("LUTs")
    if isinstance(tables, np.ndarray):
        tables = [tables]
    colors = (
        [_color(table) for table in tables] if isinstance(tables, list) and len(tables) == count else [None] * count
    )
    return tuple(Channel(name, color) for name, color in zip(names, colors, strict=True))


def shaped_metadata(description: str) -> dict[str, Any] | None:
    """Return the JSON that tifffile writes into its own files, or None."""
    if not description.startswith('{"shape":'):
        return None
    try:
        found = json.loads(description)
    except (ValueError, RecursionError):
        return None
    shape = found.get("shape")
    sound = isinstance(shape, list) and shape and all(type(n) is int and n > 0 for n in shape)
    return found if sound else None


def number(value: Any) -> float | None:
    """Return a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        return None
    return float(value) if math.isfinite(value) else None


def _count(metadata: dict[str, Any], key: str) -> int | None:
    value = metadata.get(key, 1)
    return value if type(value) is int and 0 < value < 2**31 else None


def _color(table: Any) -> str | None:
    if not isinstance(table, np.ndarray) or table.shape != (3, 256) or table.dtype != np.uint8:
        return None
    top: Sequence[int] = table[:, 255].tolist()
    return "#{:02x}{:02x}{:02x}".format(*top)
