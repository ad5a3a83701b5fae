"""Nikon ND2, through the library nd2."""

from __future__ import annotations

import math
import threading
import warnings
import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import nd2
import numpy as np

from cafi.errors import CafiError
from cafi.movie import ome_tree
from cafi.movie.model import Channel, Header, Movie, PixelSize, SourceMetadata
from cafi.movie.reading.dimensions import Dimensions, settle
from cafi.movie.reading.guard import DAMAGED, LIBRARY_ERRORS, check_declared, guarded, plane_name
from cafi.movie.reading.scenes import chosen_scene
from cafi.movie.reading.times import frame_times
from cafi.movie.reading.vendor_ome import describe, plane_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.ome_tree import Plane
    from cafi.movie.options import ReadOptions

_ZLIB_RATIO = 1100
_LOST_FRAMES = 1000
"""An experiment may have been stopped early, but one that declares so many times what it holds is damaged."""


def open_scene(path: Path, options: ReadOptions) -> Movie:
    """Open one position of an ND2 file.

    Raises
    ------
    CafiError
        If it is damaged, or holds loops other than time, position and depth.
    """
    with guarded(path, "it cannot be read as ND2"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = nd2.ND2File(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _movie(path, file, options)
    except BaseException:
        file.close()
        raise


@dataclass(frozen=True)
class _Shape:
    """How frames and their pixels are laid out; `loops` is in the order of the frames' numbers."""

    loops: dict[str, int]
    channels: int
    height: int
    width: int
    samples: int
    dtype: np.dtype[Any]
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

    def number(self, t: int, z: int, position: int) -> int:
        """Return the number of a frame."""
        place = {"T": t, "Z": z, "P": position}
        number = 0
        for loop, length in self.loops.items():
            number = number * length + place[loop]
        return number


def _movie(path: Path, file: nd2.ND2File, options: ReadOptions) -> Movie:
    shape, stored = _layout(path, file)
    with guarded(path, "its metadata cannot be understood"):
        facts = _Facts.of(file)
    names = _position_names(facts.experiment, shape.loops.get("P", 1))
    scene = chosen_scene(path, names, options)
    dims, assumed = settle(path, shape.dimensions, options.axes)
    as_stored = dims.size == shape.dimensions.size
    times, times_from, notes = (
        frame_times(dims.size.t, _stamps(shape, facts.rows, scene), _interval(facts.experiment))
        if as_stored
        else (None, None, ())
    )
    header = Header(
        name=path.stem if len(names) == 1 else f"{path.stem} {names[scene]}",
        size=dims.size,
        dtype=shape.dtype,
        samples=shape.samples,
        pixel_size=_pixel_size(facts, "Z" in shape.loops and as_stored),
        times=times,
        times_from=times_from,
        channels=_channels(facts, dims.size.c),
        significant_bits=facts.significant_bits,
    )
    xml = _ome_xml(file, header, shape, facts.rows, scene) if as_stored else None
    return Movie(
        header=replace(header, metadata=SourceMetadata(ome_xml=xml, vendor=facts.vendor)),
        source=_Nd2Planes(path, file, shape, stored, dims, scene),
        path=path,
        scene=scene,
        scenes=names,
        format="ND2",
        compression=facts.compression,
        assumptions=(*assumed, *notes),
    )


def _layout(path: Path, file: nd2.ND2File) -> tuple[_Shape, dict[int, int] | None]:
    """Return the shape, and where each frame lies in the file (None where nd2 does not tell)."""
    with guarded(path, "its header cannot be understood"):
        sizes, attributes, dtype = dict(file.sizes), file.attributes, file.dtype
        experiment = math.prod(loop.count for loop in file.experiment)
        # A frame that is not listed was never written; nd2 reads it as zeros.
        stored: dict[int, int] | None = getattr(file._rdr, "_frame_offsets", None)
    height, width = sizes.pop("Y", 1), sizes.pop("X", 1)
    channels, samples = sizes.pop("C", 1), sizes.pop("S", 1)
    shape = _Shape(sizes, channels, height, width, samples, dtype, attributes.widthBytes)
    if set(sizes) - set("TZP") or experiment != shape.frames:
        raise CafiError(
            f"{path}: it has loops other than one over time, position and depth, which cafi does not understand;"
            " export the part you want as TIFF."
        )
    length = path.stat().st_size
    ratio = 1 if attributes.compressionType is None else _ZLIB_RATIO
    check_declared(path, "a frame", shape.frame_bytes, length, ratio)
    held = attributes.sequenceCount if stored is None else len(stored)
    if held == 0 or shape.frames > held * _LOST_FRAMES:
        raise CafiError(f"{path}: it declares {shape.frames} frames, but holds {held}; {DAMAGED}.")
    return shape, stored


@dataclass(frozen=True)
class _Facts:
    """What nd2 says of a file; `rows` are its records by number of the frame."""

    channels: list[Any]
    experiment: list[Any]
    rows: dict[int, dict[str, Any]]
    voxel: tuple[float, float, float]
    significant_bits: int | None
    compression: str | None
    vendor: dict[str, Any]

    @classmethod
    def of(cls, file: nd2.ND2File) -> _Facts:
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


def _position_names(experiment: list[Any], count: int) -> tuple[str, ...]:
    points = [point for loop in experiment if loop.type == "XYPosLoop" for point in loop.parameters.points]
    names = [point.name for point in points] + [None] * count
    return tuple(name or str(number) for number, name in enumerate(names[:count]))


def _stamps(shape: _Shape, rows: dict[int, dict[str, Any]], position: int) -> list[float] | None:
    """Return the time of the first slice of every frame in seconds, NaN where it is not recorded."""
    found = [_seconds(rows.get(shape.number(t, 0, position), {})) for t in range(shape.loops.get("T", 1))]
    if all(time is None for time in found):
        return None
    return [math.nan if time is None else time for time in found]


def _seconds(row: dict[str, Any]) -> float | None:
    return _finite(row.get("Time [s]"))


def _interval(experiment: list[Any]) -> float | None:
    periods = [loop.parameters.periodMs for loop in experiment if loop.type == "TimeLoop"]
    periods += [
        period.periodMs
        for loop in experiment
        if loop.type == "NETimeLoop" and len(loop.parameters.periods) == 1
        for period in loop.parameters.periods
    ]
    return periods[0] / 1000 if periods else None


def _pixel_size(facts: _Facts, is_stack: bool) -> PixelSize:
    calibrated = facts.channels[0].volume.axesCalibrated if facts.channels else (True, True, True)
    x, y, z = (length if known and length > 0 else None for length, known in zip(facts.voxel, calibrated, strict=True))
    return PixelSize(z if is_stack else None, y, x)


def _channels(facts: _Facts, count: int) -> tuple[Channel, ...]:
    found = [
        Channel(entry.channel.name or None, "#{:02x}{:02x}{:02x}".format(*entry.channel.color[:3]))
        for entry in facts.channels[:count]
    ]
    return tuple(found + [Channel()] * (count - len(found)))


def _ome_xml(file: nd2.ND2File, header: Header, shape: _Shape, rows: dict[int, dict[str, Any]], position: int) -> str:
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
    except LIBRARY_ERRORS:
        # Files with a part missing or broken may still be read; the maker's metadata are kept apart.
        tree, exposures = None, {}
    planes = _planes(header, shape, rows, position, exposures)
    return describe(header, planes) if tree is None else ome_tree.compose(tree, planes)


def _planes(
    header: Header,
    shape: _Shape,
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


class _Nd2Planes:
    """Planes of one position of an ND2 file that stays open."""

    def __init__(
        self,
        path: Path,
        file: nd2.ND2File,
        shape: _Shape,
        stored: dict[int, int] | None,
        dims: Dimensions,
        position: int,
    ) -> None:
        self._path = path
        self._file = file
        self._shape = shape
        self._stored = stored
        self._dims = dims
        self._position = position
        self._length = path.stat().st_size
        self._compressed = file.attributes.compressionType is not None
        self._lock = threading.Lock()
        # nd2 complains about files that are not closed before they are forgotten.
        self._forget = weakref.finalize(self, file.close)

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return one plane, shape (Y, X) or (Y, X, S); zeros where it is missing."""
        shape = self._shape
        frame, channel = self._locate(t, c, z)
        with self._lock:
            if self._stored is not None and frame not in self._stored:
                pixels = np.zeros((shape.channels, shape.height, shape.width, shape.samples), shape.dtype)
            else:
                self._refuse_cut_off(frame, plane_name(t, c, z))
                with guarded(self._path, f"{plane_name(t, c, z)} cannot be read"):
                    pixels = self._file.read_frame(frame)
            pixels = pixels.reshape(shape.channels, shape.height, shape.width, shape.samples)[channel]
            # Copied under the lock, since it may be a view into the mapped file.
            return np.array(pixels if shape.samples > 1 else pixels[..., 0], order="C")

    def is_missing(self, t: int, c: int, z: int) -> bool:
        """Whether the experiment was stopped before this frame, or it was lost."""
        return self._stored is not None and self._locate(t, c, z)[0] not in self._stored

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def _locate(self, t: int, c: int, z: int) -> tuple[int, int]:
        """Return the number of the frame, and of the channel in it."""
        time, channel, depth = (at for at in self._dims.locate(t, c, z) if isinstance(at, int))
        return self._shape.number(time, depth, self._position), channel

    def _refuse_cut_off(self, frame: int, name: str) -> None:
        # nd2 reads what lies beyond the end of the file as zeros, without a word.
        if self._stored is None or self._compressed:
            return
        if self._stored[frame] + self._shape.frame_bytes > self._length:
            raise CafiError(f"{self._path}: {name} lies beyond the end of the file; {DAMAGED}.")
