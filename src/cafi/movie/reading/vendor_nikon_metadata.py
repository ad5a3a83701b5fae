"""What an ND2 file says about its frames: their layout, times, exposures and stage positions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from lxml import etree

from cafi.movie import ome_tree
from cafi.movie.model import Channel, PixelSize
from cafi.movie.reading.dimensions import Dimensions
from cafi.movie.reading.guard import LIBRARY_ERRORS
from cafi.movie.reading.vendor_ome import describe, plane_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nd2 import ND2File
    from numpy.typing import NDArray

    from cafi.movie.model import Header
    from cafi.movie.ome_tree import Plane

ND2_ERRORS = (etree.LxmlError,)
"""What nd2 raises on damaged files, besides the usual errors."""


@dataclass(frozen=True)
class Nd2Shape:
    """How frames and their pixels are laid out.

    `loops` is in the order of the frames' numbers. A pixel has `components`, which are the samples
    of RGB, or else channels.
    """

    loops: dict[str, int]
    channels: int
    height: int
    width: int
    samples: int
    dtype: np.dtype[Any]
    components: int
    row_bytes: int | None

    @property
    def frames(self) -> int:
        """How many frames were planned."""
        return math.prod(self.loops.values())

    @property
    def frame_bytes(self) -> int:
        """What one frame takes uncompressed; rows may be padded."""
        row = self.width * self.channels * self.samples * self.dtype.itemsize
        return self.height * max(row, self.row_bytes or 0)

    @property
    def dimensions(self) -> Dimensions:
        """One position as stored."""
        lengths = (self.loops.get("T", 1), self.channels, self.loops.get("Z", 1), self.height, self.width)
        if self.samples == 1:
            return Dimensions("TCZYX", lengths)
        return Dimensions("TCZYXS", (*lengths, self.samples))

    def plane(self, frame: NDArray[Any], channel: int) -> NDArray[Any]:
        """Return one channel of a frame, shape (Y, X) or (Y, X, S)."""
        stored = frame.reshape(-1, self.height, self.width, self.components)
        picture, component = (channel, slice(None)) if self.samples > 1 else divmod(channel, self.components)
        plane: NDArray[Any] = stored[picture, :, :, component]
        return plane

    def number(self, t: int, z: int, position: int) -> int:
        """Return the number of a frame."""
        place = {"T": t, "Z": z, "P": position}
        number = 0
        for loop, length in self.loops.items():
            number = number * length + place[loop]
        return number


@dataclass(frozen=True)
class Nd2Facts:
    """What nd2 says of a file; `rows` are its records by number of the frame."""

    channels: list[Any]
    experiment: list[Any]
    rows: dict[int, dict[str, Any]]
    voxel: tuple[float, float, float]
    significant_bits: int | None
    compression: str | None
    vendor: dict[str, Any]

    @classmethod
    def of(cls, file: ND2File) -> Nd2Facts:
        """Ask nd2 for everything; nothing here is of our own making but the choice."""
        rows = [] if file.is_legacy else file.events()
        attributes, metadata = file.attributes, file.metadata
        voxel = file.voxel_size()
        vendor = {"version": list(file.version), "text_info": file.text_info}
        if not file.is_legacy:
            vendor |= {"metadata": file.unstructured_metadata(), "custom_data": file.custom_data, "events": rows}
        bits = attributes.bitsPerComponentSignificant
        return cls(
            channels=list(getattr(metadata, "channels", None) or ()),
            experiment=list(file.experiment),
            rows={int(row["Index"]): row for row in rows if _finite(row.get("Index")) is not None},
            voxel=(voxel.x, voxel.y, voxel.z),
            significant_bits=bits if 0 < bits < attributes.bitsPerComponentInMemory else None,
            compression={"lossless": "zlib", "lossy": "lossy"}.get(attributes.compressionType or ""),
            vendor=_jsonable(vendor),
        )


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, np.generic | np.ndarray):
        return _jsonable(value.tolist())
    if isinstance(value, bytes | bytearray):
        return value.decode("latin-1")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _finite(value: Any) -> float | None:
    number = isinstance(value, int | float | np.integer | np.floating)
    return float(value) if number and math.isfinite(value) else None


def position_names(experiment: list[Any], count: int) -> tuple[str, ...]:
    """Return the names of the positions; numbers where they have none."""
    points = [point for loop in experiment if loop.type == "XYPosLoop" for point in loop.parameters.points]
    names = [point.name for point in points] + [None] * count
    return tuple(name or str(number) for number, name in enumerate(names[:count]))


def frame_stamps(shape: Nd2Shape, rows: dict[int, dict[str, Any]], position: int) -> list[float] | None:
    """Return the time of the first slice of every frame in seconds, NaN where it is not recorded."""
    found = [_seconds(rows.get(shape.number(t, 0, position), {})) for t in range(shape.loops.get("T", 1))]
    if all(time is None for time in found):
        return None
    return [math.nan if time is None else time for time in found]


def _seconds(row: dict[str, Any]) -> float | None:
    return _finite(row.get("Time [s]"))


def frame_interval(experiment: list[Any]) -> float | None:
    """Return the planned seconds between frames, if they are the same all along."""
    periods = [loop.parameters.periodMs for loop in experiment if loop.type == "TimeLoop"]
    periods += [
        period.periodMs
        for loop in experiment
        if loop.type == "NETimeLoop" and len(loop.parameters.periods) == 1
        for period in loop.parameters.periods
    ]
    return periods[0] / 1000 if periods else None


def pixel_size(facts: Nd2Facts, is_stack: bool) -> PixelSize:
    """Return the calibrated lengths of a pixel."""
    calibrated = facts.channels[0].volume.axesCalibrated if facts.channels else (True, True, True)
    x, y, z = (length if known and length > 0 else None for length, known in zip(facts.voxel, calibrated, strict=True))
    return PixelSize(z if is_stack else None, y, x)


def channels_of(facts: Nd2Facts, count: int) -> tuple[Channel, ...]:
    """Return this many channels with their names and colours."""
    found = [
        Channel(entry.channel.name or None, "#{:02x}{:02x}{:02x}".format(*entry.channel.color[:3]))
        for entry in facts.channels[:count]
    ]
    return tuple(found + [Channel()] * (count - len(found)))


def ome_xml(file: ND2File, header: Header, shape: Nd2Shape, rows: dict[int, dict[str, Any]], position: int) -> str:
    """Return nd2's OME-XML of one position, with what was recorded of every plane in place of its averages."""
    try:
        document = file.ome_metadata(include_unstructured=False)
        image = document.images[position]
        exposures = {
            (plane.the_t, plane.the_c, plane.the_z): plane.exposure_time / 1000
            for plane in image.pixels.planes
            if plane.exposure_time is not None
        }
        document.images, image.pixels.planes = [image], []
        # nd2 takes detectors from a set, in an order that changes from run to run.
        for instrument in document.instruments:
            instrument.detectors.sort(key=lambda detector: (detector.model or "", detector.serial_number or ""))
            for number, detector in enumerate(instrument.detectors):
                detector.id = f"Detector:{number}"
        tree = ome_tree.load(document.to_xml(), 0)
    except (*LIBRARY_ERRORS, *ND2_ERRORS):
        # Files with a part missing or broken may still be read; the maker's metadata are kept apart.
        tree, exposures = None, {}
    planes = _planes(header, shape, rows, position, exposures)
    return describe(header, planes) if tree is None else ome_tree.compose(tree, planes)


def _planes(
    header: Header,
    shape: Nd2Shape,
    rows: dict[int, dict[str, Any]],
    position: int,
    exposures: dict[tuple[int, int, int], float],
) -> Iterator[Plane]:
    for t in range(header.size.t):
        for z in range(header.size.z):
            row = rows.get(shape.number(t, z, position), {})
            recorded = _finite(row.get("Exposure Time [ms]")) if header.size.c == 1 else None
            place = [_finite(row.get(f"{axis} Coord [µm]")) for axis in "XYZ"]
            for c in range(header.size.c):
                exposure = exposures.get((t, c, z)) if recorded is None else recorded / 1000
                yield plane_record((t, c, z), _seconds(row), exposure, place)
