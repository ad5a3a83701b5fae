"""OME-XML as this package needs it: sizes, where planes lie, calibration, channels."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from cafi.errors import CafiError
from cafi.movie.model import Channel, PixelSize
from cafi.movie.reading.guard import DAMAGED, guarded
from cafi.movie.units import to_micrometres, to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class PlaneRun:
    """Planes that lie one after the other in one file.

    Attributes
    ----------
    first : int
        Number of the first plane, counted in the image's dimension order.
    count : int or None
        None: as many as the file has.
    page : int
        Number of the first page in the file.
    uuid, file : str or None
        The file; None where the XML does not say.
    """

    first: int
    count: int | None
    page: int
    uuid: str | None
    file: str | None


@dataclass(frozen=True)
class OmeImage:
    """One ``Image`` of an OME-XML document.

    Attributes
    ----------
    name : str
    order : str
        Such as 'TCZYX': the slowest dimension first.
    sizes : dict
        Lengths of T, C (samples of RGB pixels included), Z, Y and X.
    runs : tuple of PlaneRun
        Sorted by first plane.
    pixel_size : PixelSize
    stamps : dict
        Seconds by frame: of the earliest plane of each frame that has a stamp.
    interval : float or None
        Seconds between frames.
    channels : tuple of Channel
    significant_bits : int or None
    """

    name: str
    order: str
    sizes: dict[str, int]
    runs: tuple[PlaneRun, ...]
    pixel_size: PixelSize
    stamps: dict[int, float]
    interval: float | None
    channels: tuple[Channel, ...]
    significant_bits: int | None

    def run_of(self, plane: int) -> PlaneRun | None:
        """Return the run that holds a plane."""
        place = bisect_right(self.runs, plane, key=lambda run: run.first) - 1
        if place < 0:
            return None
        run = self.runs[place]
        return run if run.count is None or plane < run.first + run.count else None

    def frame_stamps(self) -> list[float] | None:
        """Return the time stamp of every frame in seconds, NaN where there is none, or None without any."""
        if not self.stamps:
            return None
        if len(self.stamps) < self.sizes["T"]:
            return [math.nan]
        return [self.stamps.get(t, math.nan) for t in range(self.sizes["T"])]


@dataclass(frozen=True)
class OmeDocument:
    """An OME-XML document.

    Attributes
    ----------
    xml : str
    uuid : str or None
        Of the file that holds it.
    metadata_file : str or None
        The file that holds the metadata, where this document only points to it.
    images : tuple of OmeImage
    """

    xml: str
    uuid: str | None
    metadata_file: str | None
    images: tuple[OmeImage, ...]


def parse_ome(xml: str, path: Path, samples: int = 1) -> OmeDocument:
    """Understand OME-XML.

    Parameters
    ----------
    xml : str
    path : Path
        For messages.
    samples : int
        Samples of a pixel in the file's first page, for documents that do not state them.

    Raises
    ------
    CafiError
        If it is no XML, or contradicts itself.
    """
    with guarded(path, "its OME-XML cannot be understood"):
        root = ElementTree.fromstring(xml)  # noqa: S314 - expat refuses entity expansion
    pointer = next(_children(root, "BinaryOnly"), None)
    images = [
        _image(element, pixels, number, path, samples)
        for number, element in enumerate(_children(root, "Image"))
        for pixels in list(_children(element, "Pixels"))[:1]
    ]
    return OmeDocument(
        xml,
        root.get("UUID"),
        None if pointer is None else pointer.get("MetadataFile"),
        tuple(images),
    )


def _image(element: Element, pixels: Element, number: int, path: Path, samples: int) -> OmeImage:
    order = pixels.get("DimensionOrder", "")[::-1]
    if sorted(order) != sorted("TCZYX") or not order.endswith("YX"):
        raise CafiError(f"{path}: its OME-XML has no valid DimensionOrder; {DAMAGED}.")
    sizes = {axis: _integer(pixels, f"Size{axis}", path) for axis in order}
    if min(sizes.values()) < 1:
        raise CafiError(f"{path}: its OME-XML states a size of {min(sizes.values())}; {DAMAGED}.")
    name = element.get("Name") or element.get("ID") or f"Image:{number}"
    image = OmeImage(name, order, sizes, (), _pixel_size(pixels), _stamps(pixels, path), None, (), None)
    bits = _integer(pixels, "SignificantBits", path, 0)
    return replace(
        image,
        runs=tuple(sorted(_runs(pixels, image, path, samples), key=lambda run: run.first)),
        interval=_seconds(pixels, "TimeIncrement", "TimeIncrementUnit"),
        channels=tuple(_channel(channel) for channel in _children(pixels, "Channel")),
        significant_bits=bits if bits > 0 else None,
    )


def _runs(pixels: Element, image: OmeImage, path: Path, samples: int) -> Iterator[PlaneRun]:
    # C counts planes here: with RGB pixels one plane holds several of the SizeC channels.
    stated = [_integer(channel, "SamplesPerPixel", path, samples) for channel in _children(pixels, "Channel")]
    samples = max(stated, default=samples)
    lengths = [image.sizes[axis] // (samples if axis == "C" and samples > 0 else 1) or 1 for axis in image.order[:3]]
    for data in _children(pixels, "TiffData"):
        place = [_integer(data, f"First{axis}", path, 0) for axis in image.order[:3]]
        if any(not 0 <= at < length for at, length in zip(place, lengths, strict=True)):
            raise CafiError(f"{path}: its OME-XML places a plane outside of the image; {DAMAGED}.")
        first = (place[0] * lengths[1] + place[1]) * lengths[2] + place[2]
        counted = "PlaneCount" if "PlaneCount" in data.attrib else "NumPlanes"
        count = _integer(data, counted, path, 1 if "IFD" in data.attrib else -1)
        uuid = next(_children(data, "UUID"), None)
        if count:
            yield PlaneRun(
                first,
                count if count > 0 else None,
                max(0, _integer(data, "IFD", path, 0)),
                uuid.text.strip() if uuid is not None and uuid.text else None,
                None if uuid is None else uuid.get("FileName"),
            )


def _pixel_size(pixels: Element) -> PixelSize:
    lengths: dict[str, float] = {}
    others: dict[str, float] = {}
    unit = "µm"
    for axis in "ZYX":
        value = _number(pixels.get(f"PhysicalSize{axis}"))
        if value is None or value <= 0:
            continue
        stated = pixels.get(f"PhysicalSize{axis}Unit", "µm")
        metric = to_micrometres(value, stated)
        if metric is None:
            others[axis], unit = value, stated
        else:
            lengths[axis] = metric
    if lengths or not others:
        return PixelSize(lengths.get("Z"), lengths.get("Y"), lengths.get("X"))
    return PixelSize(others.get("Z"), others.get("Y"), others.get("X"), unit)


def _stamps(pixels: Element, path: Path) -> dict[int, float]:
    stamps: dict[int, float] = {}
    for plane in _children(pixels, "Plane"):
        stamp = _seconds(plane, "DeltaT", "DeltaTUnit")
        if stamp is not None:
            t = _integer(plane, "TheT", path, 0)
            stamps[t] = min(stamp, stamps.get(t, math.inf))
    return stamps


def _channel(element: Element) -> Channel:
    color = element.get("Color")
    rgb = None
    if color is not None and color.lstrip("+-").isdecimal():
        rgb = f"#{(int(color) & 0xFFFFFFFF) >> 8:06x}"
    return Channel(element.get("Name"), rgb)


def _children(element: Element, name: str) -> Iterator[Element]:
    # The namespace changes with the version of the schema.
    return (child for child in element if child.tag.rpartition("}")[2] == name)


def _integer(element: Element, name: str, path: Path, default: int | None = None) -> int:
    text = element.get(name)
    if text is None and default is not None:
        return default
    try:
        value = int(text or "")
    except ValueError:
        raise CafiError(f"{path}: its OME-XML states no valid {name}; {DAMAGED}.") from None
    if abs(value) > 2**31:
        raise CafiError(f"{path}: its OME-XML states {name} as {value}, which is too large; {DAMAGED}.")
    return value


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _seconds(element: Element, name: str, unit: str) -> float | None:
    value = _number(element.get(name))
    return None if value is None else to_seconds(value, element.get(unit, "s"))
