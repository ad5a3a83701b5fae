"""What ImageJ is told about a movie, as tifffile takes it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.movie import imagej_index
from cafi.movie.carried import info_text, original_metadata
from cafi.movie.reindex import regular_step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.movie.model import Header, PixelSize

_MOST_COLORED = 7
# Written anew for the output, or true of the source's file only.
_OWN = {
    *("ImageJ", "images", "channels", "slices", "frames", "hyperstack", "order", "axes", "unit", "spacing"),
    *("finterval", "tunit", "fps", "Info", "Labels", "LUTs", "Ranges", "ROI", "Overlays", "Plot", "Properties"),
}


def imagej_metadata(header: Header) -> dict[str, Any]:
    """Return the description of a hyperstack TZCYXS: calibration, labels, display, and what the source had.

    Raises
    ------
    CafiError
        If the source was written by cafi and its record is damaged.
    """
    header = replace(header, metadata=original_metadata(header.metadata))
    source = header.metadata.imagej or {}
    found = {key: _ascii(value) for key, value in source.items() if key not in _OWN and _is_scalar(value)}
    found |= {"axes": "TZCYXS"} | _calibration(header) | _display(header, source)
    found |= {key: source[key] for key in ("ROI", "Overlays", "Plot", "Properties") if source.get(key)}
    labels = imagej_index.labels(header)
    if any(labels):
        found["Labels"] = labels
    return found | {"Info": info_text(header)}


def resolution(pixel_size: PixelSize) -> tuple[float | tuple[int, int], float | tuple[int, int]] | None:
    """Return pixels per unit along x and y, as exact fractions for sizes of few digits; None where unknown."""
    if not (pixel_size.x and pixel_size.y):
        return None
    return _per_unit(pixel_size.x), _per_unit(pixel_size.y)


def _per_unit(size: float) -> float | tuple[int, int]:
    exact = 1 / Fraction(repr(size))
    fits = max(exact.numerator, exact.denominator) < 2**32
    return (exact.numerator, exact.denominator) if fits else 1 / size


def _calibration(header: Header) -> dict[str, Any]:
    pixel_size, found = header.pixel_size, {}
    if any(length is not None for length in (pixel_size.x, pixel_size.y, pixel_size.z)):
        # ImageJ itself stores µm like this, since its description is ASCII.
        found["unit"] = {"µm": "um", "μm": "um"}.get(pixel_size.unit, _ascii(pixel_size.unit))
    if pixel_size.z is not None:
        found["spacing"] = repr(pixel_size.z)
    elif header.size.z > 1 and header.size.t == 1:
        # Slices without a spacing are widely taken for frames.
        found["spacing"] = "1.0"
    times = header.times
    if times is not None and len(times) > 1:
        step = regular_step(times)
        found["finterval"] = repr(float(times[-1] - times[0]) / (len(times) - 1) if step is None else step)
        found["tunit"] = "s"
    return found


def _display(header: Header, source: dict[str, Any]) -> dict[str, Any]:
    count = header.size.c
    tables = source.get("LUTs")
    tables = [tables] if isinstance(tables, np.ndarray) else tables
    found: dict[str, Any] = {}
    if header.samples > 1:
        return found
    if isinstance(tables, list) and len(tables) == count:
        found["LUTs"] = tables
    elif any(channel.color for channel in header.channels):
        found["LUTs"] = [_ramp(channel.color or "#ffffff") for channel in header.channels]
    ranges = source.get("Ranges")
    if isinstance(ranges, list | tuple) and len(ranges) == 2 * count:
        found["Ranges"] = tuple(ranges)
    if "mode" not in source:
        found["mode"] = "composite" if 1 < count <= _MOST_COLORED and "LUTs" in found else "grayscale"
    return found


def _ramp(color: str) -> NDArray[np.uint8]:
    """Return a lookup table from black to a colour, shape (3, 256)."""
    top = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return np.array([np.arange(256) * value // 255 for value in top], dtype=np.uint8)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _ascii(value: Any) -> Any:
    """Escape what is not ASCII as ImageJ does, and keep text on one line."""
    if not isinstance(value, str):
        return value
    return "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in " ".join(value.split()))
