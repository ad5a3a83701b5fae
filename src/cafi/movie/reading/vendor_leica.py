"""Leica LIF, through the library liffile."""

from __future__ import annotations

import logging
import threading
import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import liffile
import numpy as np

from cafi.errors import CafiError
from cafi.movie.model import Channel, Header, Movie, PixelSize, SourceMetadata
from cafi.movie.reading.dimensions import Dimensions, settle
from cafi.movie.reading.guard import DAMAGED, guarded, plane_name
from cafi.movie.reading.scenes import chosen_scene
from cafi.movie.reading.times import frame_times
from cafi.movie.reading.vendor_ome import describe, plane_record
from cafi.movie.units import to_micrometres, to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from numpy.typing import NDArray

    from cafi.movie.ome_tree import Plane
    from cafi.movie.options import ReadOptions

# liffile tells its doubts through logging, which prints to stderr where nobody listens.
logging.getLogger("liffile").addHandler(logging.NullHandler())

_COLORS = {
    "red": "#ff0000",
    "green": "#00ff00",
    "blue": "#0000ff",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
    "yellow": "#ffff00",
    "gray": "#ffffff",
    "grey": "#ffffff",
}
_DIMENSIONS = {"1": "X", "2": "Y", "3": "Z", "4": "T"}
_UNSUPPORTED = {
    "M": "tiles of a mosaic, which LAS X can merge",
    "λ": "emission wavelengths",
    "Λ": "excitation wavelengths",
    "A": "rotations",
    "L": "loops",
    "N": "slices of an xt scan",
    "Q": "slices of a t scan",
}
_DESCRIPTION = "./Data/Image/ImageDescription"
# Leica counts units of 100 ns.
_TICKS_PER_SECOND = 10_000_000


def open_scene(path: Path, options: ReadOptions) -> Movie:
    """Open one image of a LIF file.

    Raises
    ------
    CafiError
        If it is damaged, or the image holds more than time, channels and depth.
    """
    with guarded(path, "it cannot be read as LIF"):
        file = liffile.LifFile(path)
    try:
        return _movie(path, file, options)
    except BaseException:
        file.close()
        raise


@dataclass(frozen=True)
class _Scene:
    """One image as stored.

    `rows` is the axis of its rows (Z in an xz scan), and `dimensions` those of cafi.
    """

    dimensions: Dimensions
    dtype: np.dtype[Any]
    axes: tuple[str, ...]
    rows: str

    @property
    def plane_shape(self) -> tuple[int, ...]:
        """(Y, X) or (Y, X, S)."""
        return self.dimensions.shape[3:]


def _movie(path: Path, file: liffile.LifFile, options: ReadOptions) -> Movie:
    with guarded(path, "its images cannot be listed"):
        images = list(file.images)
        names = tuple(image.path for image in images)
    if not images:
        raise CafiError(f"{path}: it holds no images; choose another file.")
    number = chosen_scene(path, names, options)
    image = images[number]
    if not isinstance(image, liffile.LifImage):
        raise CafiError(f"{path}: image {image.path} holds photon counts (FLIM), which are no movie; choose another.")
    scene = _scene(path, image)
    xml = image.xml_element
    dims, assumed = settle(path, scene.dimensions, options.axes)
    as_stored = dims.size == scene.dimensions.size
    times, times_from, notes = (
        frame_times(dims.size.t, _frame_stamps(xml, scene), _spacing(xml, "T")) if as_stored else (None, None, ())
    )
    header = Header(
        name=path.stem if len(names) == 1 else f"{path.stem} {names[number]}",
        size=dims.size,
        dtype=scene.dtype,
        samples=dims.samples,
        pixel_size=PixelSize(
            _spacing(xml, "Z") if as_stored and scene.rows == "Y" else None,
            _spacing(xml, scene.rows),
            _spacing(xml, "X"),
        ),
        times=times,
        times_from=times_from,
        channels=(tuple(_channels(xml)) + (Channel(),) * dims.size.c)[: dims.size.c],
        significant_bits=_significant_bits(xml, scene.dtype),
    )
    ome = describe(header, _planes(xml, scene)) if as_stored else None
    vendor = {"lif_xml": ElementTree.tostring(xml, encoding="unicode")}
    sideways = ("It is a scan of xz planes, whose z is taken as y.",) if scene.rows == "Z" else ()
    return Movie(
        header=replace(header, metadata=SourceMetadata(ome_xml=ome, vendor=vendor)),
        source=_LifPlanes(path, file, image, scene, dims),
        path=path,
        scene=number,
        scenes=names,
        format="LIF",
        assumptions=(*assumed, *notes, *sideways),
    )


def _scene(path: Path, image: liffile.LifImage) -> _Scene:
    with guarded(path, f"image {image.path} cannot be understood"):
        sizes, dtype, across = dict(image.sizes), image.dtype, image.frames.frame_dims
        block = image.memory_block
    for axis, length in sizes.items():
        if length > 1 and axis not in "TCZYXS":
            things = _UNSUPPORTED.get(axis, "channels that differ in kind")
            raise CafiError(f"{path}: image {image.path} holds {length} {things}; export what you want as TIFF.")
    if across[:2] not in (("Y", "X"), ("Z", "X")) or 0 in sizes.values():
        raise CafiError(f"{path}: image {image.path} is not made of planes (its axes: {', '.join(sizes)}).")
    rows = across[0]
    lengths = [1 if axis == rows else sizes.get(axis, 1) for axis in "TCZ"]
    samples = (sizes["S"],) if sizes.get("S", 1) > 1 else ()
    scene = _Scene(
        Dimensions("TCZYXS" if samples else "TCZYX", (*lengths, sizes[rows], sizes["X"], *samples)),
        dtype.newbyteorder("="),
        tuple(sizes),
        rows,
    )
    stored = max(0, min(block.size, path.stat().st_size - block.offset))
    if image.nbytes > stored:
        raise CafiError(
            f"{path}: image {image.path} needs {image.nbytes} bytes, but only {stored} are stored; {DAMAGED}."
        )
    return scene


def _descriptions(xml: Element) -> Iterator[tuple[str, Element]]:
    for entry in xml.findall(f"{_DESCRIPTION}/Dimensions/DimensionDescription"):
        yield _DIMENSIONS.get(entry.get("DimID", ""), ""), entry


def _spacing(xml: Element, axis: str) -> float | None:
    """Return the distance between elements in µm, or in seconds for time; lengths span from first to last."""
    for name, entry in _descriptions(xml):
        try:
            intervals, length = int(entry.get("NumberOfElements", "0")) - 1, abs(float(entry.get("Length", "")))
        except ValueError:
            continue
        if name == axis and intervals > 0 and length > 0:
            step, unit = length / intervals, entry.get("Unit", "")
            if unit == "m":
                return step / 1e-6
            return to_seconds(step, unit) if axis == "T" else to_micrometres(step, unit)
    return None


def _channels(xml: Element) -> Iterator[Channel]:
    for entry in xml.findall(f"{_DESCRIPTION}/Channels/ChannelDescription"):
        properties = {item.findtext("Key"): item.findtext("Value") for item in entry.findall("ChannelProperty")}
        lookup = entry.get("LUTName") or None
        yield Channel(properties.get("DyeName") or lookup, _COLORS.get((lookup or "").lower()))


def _significant_bits(xml: Element, dtype: np.dtype[Any]) -> int | None:
    entries = xml.findall(f"{_DESCRIPTION}/Channels/ChannelDescription")
    bits = [int(entry.get("Resolution", "0")) for entry in entries if entry.get("Resolution", "").isdecimal()]
    used = max(bits, default=0)
    return used if dtype.kind == "u" and 0 < used < 8 * dtype.itemsize else None


def _stamps(xml: Element) -> list[int]:
    """Return the time stamps of the stored planes in units of 100 ns since 1601."""
    listed = xml.find("./Data/Image/TimeStampList")
    if listed is None:
        return []
    try:
        pairs = [(int(at.get("HighInteger", "")), int(at.get("LowInteger", ""))) for at in listed.findall("TimeStamp")]
        return [(high << 32) + low for high, low in pairs] or [int(text, 16) for text in (listed.text or "").split()]
    except ValueError:
        return []


def _plane_stamps(xml: Element, scene: _Scene) -> dict[tuple[int, int, int], float]:
    """Return seconds since the first stamp by (t, c, z); planes are stamped in the order in which they are stored."""
    stamps = _stamps(xml)
    size = scene.dimensions.size
    lengths = {"T": size.t, "C": size.c, "Z": size.z}
    if len(stamps) == size.t:
        lengths = {"T": size.t}
    elif len(stamps) != size.t * size.c * size.z:
        return {}
    order = [axis for axis in scene.axes if axis in lengths and axis != scene.rows]
    order += [axis for axis in lengths if axis not in order]
    places = np.ndindex(*(lengths[axis] for axis in order))
    found = {}
    for place, stamp in zip(places, stamps, strict=True):
        at = dict(zip(order, place, strict=True))
        found[at["T"], at.get("C", 0), at.get("Z", 0)] = (stamp - stamps[0]) / _TICKS_PER_SECOND
    return found


def _frame_stamps(xml: Element, scene: _Scene) -> list[float] | None:
    known = _plane_stamps(xml, scene)
    frames = range(scene.dimensions.size.t)
    return [min(time for (t, _, _), time in known.items() if t == frame) for frame in frames] if known else None


def _planes(xml: Element, scene: _Scene) -> Iterator[Plane]:
    for place, time in _plane_stamps(xml, scene).items():
        yield plane_record(place, time)


class _LifPlanes:
    """Planes of one image of a LIF file that stays open."""

    def __init__(
        self, path: Path, file: liffile.LifFile, image: liffile.LifImage, scene: _Scene, dims: Dimensions
    ) -> None:
        self._path = path
        self._file = file
        self._image = image
        self._scene = scene
        self._dims = dims
        self._lock = threading.Lock()
        self._forget = weakref.finalize(self, file.close)

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return one plane, shape (Y, X) or (Y, X, S)."""
        place = (at for at in self._dims.locate(t, c, z) if isinstance(at, int))
        where: dict[str, Any] = {axis: at for axis, at in zip("TCZ", place, strict=True) if axis in self._scene.axes}
        where.pop(self._scene.rows, None)
        with self._lock, guarded(self._path, f"{plane_name(t, c, z)} cannot be read"):
            pixels = self._image.frame(**where)
        return np.ascontiguousarray(pixels.reshape(self._scene.plane_shape), self._scene.dtype)

    def is_missing(self, t: int, c: int, z: int) -> bool:  # noqa: ARG002
        """Return False: LIF files hold all their planes."""
        return False

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()
