"""OME-XML for files that have none of their own: channels, and what was recorded of every plane."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cafi.movie import ome_tree
from cafi.movie.ome_tree import OmeTree, Plane

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cafi.movie.model import Header


def plane_record(
    place: tuple[int, int, int],
    seconds: float | None = None,
    exposure: float | None = None,
    position: Sequence[float | None] = (None, None, None),
) -> Plane:
    """Return the OME record of one plane, with what is known of it.

    Parameters
    ----------
    place : (t, c, z)
    seconds : float, optional
        Time stamp.
    exposure : float, optional
        In seconds.
    position : (x, y, z)
        Of the stage, in µm.
    """
    measures: dict[str, str] = {}
    for name, value, unit in (
        ("DeltaT", seconds, "s"),
        ("ExposureTime", exposure, "s"),
        ("PositionX", position[0], "µm"),
        ("PositionY", position[1], "µm"),
        ("PositionZ", position[2], "µm"),
    ):
        if value is not None and math.isfinite(value):
            measures |= {name: repr(float(value)), f"{name}Unit": unit}
    return Plane(*place, measures)


def describe(
    header: Header, planes: Iterable[Plane], acquired: str | None = None, channels: Sequence[dict[str, str]] = ()
) -> str:
    """Return OME-XML made from a header and plane records.

    Parameters
    ----------
    header : Header
    planes : iterable of Plane
    acquired : str, optional
        When the acquisition began, as xsd:dateTime.
    channels : sequence of dict
        More attributes of each OME ``Channel``, such as its wavelengths.
    """
    size = header.size
    root = ome_tree.empty_root()
    ome_tree.set_schema_location(root)
    image = ome_tree.element("Image", {"ID": "Image:0", "Name": header.name})
    root.append(image)
    if acquired:
        image.append(ome_tree.element("AcquisitionDate", text=acquired))
    lengths = {f"Size{axis}": str(getattr(size, axis.lower())) for axis in "TZYX"}
    pixels = ome_tree.element(
        "Pixels",
        {
            "ID": "Pixels:0",
            "DimensionOrder": "XYCZT",
            "Type": ome_tree.PIXEL_TYPES.get(header.dtype.name, header.dtype.name),
            "SizeC": str(size.c * header.samples),
        }
        | lengths,
    )
    image.append(pixels)
    for number in range(size.c):
        more = dict(channels[number]) if number < len(channels) else {}
        attributes = {"ID": f"Channel:0:{number}", "SamplesPerPixel": str(header.samples)} | more
        name = header.channels[number].name
        pixels.append(ome_tree.element("Channel", attributes if name is None else attributes | {"Name": name}))
    pixels.append(ome_tree.element("MetadataOnly"))
    return ome_tree.compose(OmeTree(root, image, pixels), planes)
