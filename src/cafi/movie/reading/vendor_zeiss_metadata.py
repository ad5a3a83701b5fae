"""What a CZI file says about itself, its planes and their times."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from cafi.movie.model import Channel, PixelSize
from cafi.movie.reading.vendor_ome import plane_record
from cafi.movie.units import to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    import numpy as np
    from aicspylibczi import CziFile

    from cafi.movie.model import Size
    from cafi.movie.ome_tree import Plane

_IMAGE = "./Metadata/Information/Image"


@dataclass(frozen=True)
class CziMetadata:
    """The XML of a file, and what is used of it.

    Attributes
    ----------
    xml : str
    scene_names : dict of int to str
    pixel_size : PixelSize
    channels : tuple of Channel
    exposures : tuple of float or None
        Seconds, for each channel.
    wavelengths : tuple of dict
        Attributes of each OME channel.
    bits : int or None
        Bits that the camera used.
    interval : float or None
        Seconds between frames.
    acquired : str or None
        When the acquisition began, as xsd:dateTime.
    """

    xml: str
    scene_names: dict[int, str]
    pixel_size: PixelSize
    channels: tuple[Channel, ...]
    exposures: tuple[float | None, ...]
    wavelengths: tuple[dict[str, str], ...]
    bits: int | None
    interval: float | None
    acquired: str | None

    def channels_of(self, count: int) -> tuple[Channel, ...]:
        """Return this many channels, without name where the XML has none."""
        return (self.channels + (Channel(),) * count)[:count]

    def significant_bits(self, dtype: np.dtype[Any]) -> int | None:
        """Return the bits used, where they are fewer than the dtype has."""
        used = self.bits
        return used if used is not None and dtype.kind == "u" and 0 < used < 8 * dtype.itemsize else None


def read_metadata(xml: str) -> CziMetadata:
    """Pick what is needed from a CZI file's XML."""
    root = ElementTree.fromstring(xml)  # noqa: S314 - expat refuses entity expansion
    image = f"{_IMAGE}/Dimensions"
    channels = root.findall(f"{image}/Channels/Channel")
    colors = {
        entry.get("Id", ""): entry.findtext("Color")
        for entry in root.findall("./Metadata/DisplaySetting/Channels/Channel")
    }
    bits = [_number(entry.findtext("ComponentBitCount")) for entry in (*root.findall(_IMAGE), *channels)]
    return CziMetadata(
        xml=xml,
        scene_names=dict(_scene_names(root)),
        pixel_size=PixelSize(_spacing(root, "Z"), _spacing(root, "Y"), _spacing(root, "X")),
        channels=tuple(
            Channel(entry.get("Name"), _color(entry.findtext("Color") or colors.get(entry.get("Id", ""))))
            for entry in channels
        ),
        exposures=tuple(_exposure(entry) for entry in channels),
        wavelengths=tuple(_wavelengths(entry) for entry in channels),
        bits=int(max((number for number in bits if number is not None), default=0)) or None,
        interval=_number(root.findtext(f"{image}/T/Positions/Interval/Increment")),
        acquired=_date(root.findtext(f"{_IMAGE}/AcquisitionDateAndTime")),
    )


def _scene_names(root: Element) -> Iterator[tuple[int, str]]:
    for number, scene in enumerate(root.findall(f"{_IMAGE}/Dimensions/S/Scenes/Scene")):
        shape = scene.find("Shape")
        names = [scene.get("Name"), None if shape is None else shape.get("Name")]
        name = "-".join(name for name in names if name)
        index = scene.get("Index", "")
        if name:
            yield int(index) if index.isdecimal() else number, name


def _spacing(root: Element, axis: str) -> float | None:
    metres = _number(root.findtext(f"./Metadata/Scaling/Items/Distance[@Id='{axis}']/Value"))
    return metres / 1e-6 if metres is not None and metres > 0 else None


def _exposure(channel: Element) -> float | None:
    nanoseconds = _number(channel.findtext("ExposureTime"))
    return None if nanoseconds is None else to_seconds(nanoseconds, "ns")


def _wavelengths(channel: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("ExcitationWavelength", "EmissionWavelength"):
        number = _number(channel.findtext(name))
        if number is not None and number > 0:
            found |= {name: repr(number), f"{name}Unit": "nm"}
    return found


def _color(text: str | None) -> str | None:
    match = re.fullmatch("#(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})", text or "")
    return f"#{match[1].lower()}" if match else None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class CziRecords:
    """What was recorded of every plane of a scene; places are (t, c, z), counted from 0.

    Attributes
    ----------
    seconds : dict
        Time stamps of planes.
    attached : list of float
        Time stamps of frames from the file's attachment.
    positions : dict
        (x, y, z) of the stage in µm.
    exposures : tuple of float or None
        Seconds, for each channel.
    tags : dict of str to list
        Everything that the maker's software noted of planes, in columns.
    """

    seconds: dict[tuple[int, int, int], float] = field(default_factory=dict)
    attached: list[float] = field(default_factory=list)
    positions: dict[tuple[int, int, int], tuple[float | None, ...]] = field(default_factory=dict)
    exposures: tuple[float | None, ...] = ()
    tags: dict[str, list[Any]] = field(default_factory=dict)

    def stamps(self, frames: int) -> list[float] | None:
        """Return the time of the earliest plane of every frame in seconds, or what was attached to the file."""
        earliest = [math.nan] * frames
        for (t, _, _), time in self.seconds.items():
            if 0 <= t < frames and not earliest[t] <= time:
                earliest[t] = time
        if self.seconds and not any(map(math.isnan, earliest)):
            return earliest
        return self.attached if len(self.attached) == frames else (earliest if self.seconds else None)

    def planes(self, size: Size) -> Iterator[Plane]:
        """Yield what is known of the planes."""
        for t in range(size.t):
            for z in range(size.z):
                for c in range(size.c):
                    time = self.seconds.get((t, c, z))
                    if time is None and not self.seconds and len(self.attached) == size.t:
                        time = self.attached[t]
                    exposure = self.exposures[c] if c < len(self.exposures) else None
                    record = plane_record((t, c, z), time, exposure, self.positions.get((t, c, z), (None,) * 3))
                    if record.measures:
                        yield record


def read_records(
    file: CziFile, attached: list[float], scene: int | None, begin: dict[str, int], metadata: CziMetadata
) -> CziRecords:
    """Read what was recorded with the planes of a scene; `attached` are the time stamps of the file as a whole."""
    records = CziRecords(attached=attached, exposures=metadata.exposures)
    entries = file.read_subblock_metadata(**({} if scene is None else {"S": scene}))
    noted = [(tuple(place.get(axis, 0) - begin[axis] for axis in "TCZ"), _tags(xml)) for place, xml in entries if xml]
    dates = [date for _, tags in noted if (date := _moment(tags.get("AcquisitionTime"))) is not None]
    start = _moment(metadata.acquired)
    if dates and (start is None or start > min(dates)):
        start = min(dates)
    for (t, c, z), tags in noted:
        moment = _moment(tags.get("AcquisitionTime"))
        if moment is not None and start is not None:
            records.seconds[t, c, z] = min((moment - start) / 1e9, records.seconds.get((t, c, z), math.inf))
        where = tuple(_number(tags.get(name)) for name in ("StageXPosition", "StageYPosition", "FocusPosition"))
        records.positions.setdefault((t, c, z), where)
    if noted:
        names = sorted({name for _, tags in noted for name in tags})
        places = {axis: [place[i] for place, _ in noted] for i, axis in enumerate("tcz")}
        records.tags.update(places | {name: [tags.get(name) for _, tags in noted] for name in names})
    return records


def _tags(xml: str) -> dict[str, str]:
    found = ElementTree.fromstring(xml).find(".//Tags")  # noqa: S314 - expat refuses entity expansion
    return {} if found is None else {tag.tag: tag.text or "" for tag in found}


def _moment(text: str | None) -> int | None:
    """Return nanoseconds since 1970 of an ISO date with any number of decimals."""
    match = re.fullmatch(r"(\d+-\d+-\d+T\d+:\d+:\d+)(\.\d+)?(Z|[+-]\d+:\d+)?", (text or "").strip())
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1] + (match[3] or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    seconds = (whole.replace(tzinfo=whole.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return int(seconds) * 10**9 + round(float(match[2] or 0) * 1e9)


def _date(text: str | None) -> str | None:
    return text.strip() if text is not None and _moment(text) is not None else None
