"""Zeiss CZI, through the library aicspylibczi."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from aicspylibczi import CziFile

from cafi.errors import CafiError
from cafi.movie.model import Header, Movie, SourceMetadata
from cafi.movie.reading.dimensions import Dimensions, settle
from cafi.movie.reading.guard import DAMAGED, check_declared, guarded, plane_name
from cafi.movie.reading.scenes import chosen_scene
from cafi.movie.reading.times import frame_times
from cafi.movie.reading.vendor_ome import describe
from cafi.movie.reading.vendor_zeiss_file import attached_times, check_directory
from cafi.movie.reading.vendor_zeiss_metadata import CziMetadata, CziRecords, read_metadata, read_records

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.options import ReadOptions

_ERRORS = tuple(
    kind
    for kind in vars(import_module("_aicspylibczi")).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)
_PIXEL_TYPES: dict[str, tuple[type[np.generic], int]] = {
    "gray8": (np.uint8, 1),
    "gray16": (np.uint16, 1),
    "gray32": (np.uint32, 1),
    "gray32float": (np.float32, 1),
    "bgr24": (np.uint8, 3),
    "bgr48": (np.uint16, 3),
}
_UNSUPPORTED = {"V": "views", "H": "phases", "I": "illuminations", "R": "rotations"}
_CODEC_RATIO = 2**14
_LOST_PLANES = 1000


def open_scene(path: Path, options: ReadOptions) -> Movie:
    """Open one scene of a CZI file; the tiles of a mosaic are put together.

    Raises
    ------
    CafiError
        If it is damaged, or holds more than time, channels, depth and scenes.
    """
    with guarded(path, "it cannot be read as CZI", also=_ERRORS):
        stream = path.open("rb")
    try:
        with guarded(path, "it cannot be read as CZI", also=_ERRORS):
            check_directory(path, stream)
            file = CziFile(stream)
        return _movie(path, file, stream, options)
    except BaseException:
        stream.close()
        raise


@dataclass(frozen=True)
class _Scene:
    """One scene as stored: where its axes begin, its planes, and its place in a mosaic."""

    index: int | None
    begin: dict[str, int]
    dimensions: Dimensions
    dtype: np.dtype[Any]
    stored: frozenset[tuple[int, int, int]]
    region: tuple[int, int, int, int] | None

    @property
    def plane_shape(self) -> tuple[int, ...]:
        """(Y, X) or (Y, X, S)."""
        return self.dimensions.shape[3:]


def _movie(path: Path, file: CziFile, stream: Any, options: ReadOptions) -> Movie:
    with guarded(path, "its metadata cannot be understood", also=_ERRORS):
        spans = _scene_spans(file)
        metadata = read_metadata(str(file.reader.read_meta()))
    names = tuple(metadata.scene_names.get(index or 0) or str(number) for number, (index, _) in enumerate(spans))
    number = chosen_scene(path, names, options)
    scene = _scene(path, file, *spans[number])
    with guarded(path, "the records of its planes cannot be understood", also=_ERRORS):
        records = read_records(file, attached_times(stream), scene.index, scene.begin, metadata)
    dims, assumed = settle(path, scene.dimensions, options.axes)
    as_stored = dims.size == scene.dimensions.size
    times, times_from, notes = (
        frame_times(dims.size.t, records.stamps(dims.size.t), metadata.interval) if as_stored else (None, None, ())
    )
    header = Header(
        name=path.stem if len(names) == 1 else f"{path.stem} {names[number]}",
        size=dims.size,
        dtype=scene.dtype,
        samples=dims.samples,
        pixel_size=metadata.pixel_size if as_stored else replace(metadata.pixel_size, z=None),
        times=times,
        times_from=times_from,
        channels=metadata.channels_of(dims.size.c),
        significant_bits=metadata.significant_bits(scene.dtype),
    )
    described = _described(header, metadata, records, as_stored=as_stored)
    return Movie(
        header=described,
        source=_CziPlanes(path, file, stream, scene, dims),
        path=path,
        scene=number,
        scenes=names,
        format="CZI",
        assumptions=(*assumed, *notes, *(_MOSAIC if scene.region is not None else ())),
    )


_MOSAIC = ("The tiles of its mosaic were put together where the stage says, the later ones above the earlier.",)


def _described(header: Header, metadata: CziMetadata, records: CziRecords, *, as_stored: bool) -> Header:
    xml = None
    if as_stored:
        xml = describe(header, records.planes(header.size), metadata.acquired, metadata.wavelengths)
    vendor = {"czi_xml": metadata.xml, "subblock_tags": records.tags}
    return replace(header, metadata=SourceMetadata(ome_xml=xml, vendor=vendor))


def _scene_spans(file: CziFile) -> list[tuple[int | None, dict[str, tuple[int, int]]]]:
    """Return the index in the file, and the begin and end of every axis, of each scene."""
    spans = file.get_dims_shape()
    if len(spans) > 1:
        return [(span["S"][0], span) for span in spans]
    indices = range(*spans[0]["S"]) if "S" in spans[0] else (None,)
    return [(index, spans[0]) for index in indices]


def _scene(path: Path, file: CziFile, index: int | None, span: dict[str, tuple[int, int]]) -> _Scene:
    for axis, things in _UNSUPPORTED.items():
        first, end = span.get(axis, (0, 1))
        if end - first > 1:
            raise CafiError(f"{path}: it holds {end - first} {things}, which cafi does not know; export one as TIFF.")
    pixel_type = str(file.pixel_type)
    if pixel_type not in _PIXEL_TYPES:
        raise CafiError(f"{path}: its pixel type {pixel_type} is not supported; export it as OME-TIFF.")
    dtype, samples = _PIXEL_TYPES[pixel_type]
    mosaic = bool(file.is_mosaic())
    where = {} if index is None else {"S": index}
    with guarded(path, "its planes cannot be listed", also=_ERRORS):
        tiles = (
            file.get_all_mosaic_tile_bounding_boxes(**where) if mosaic else file.get_all_tile_bounding_boxes(**where)
        )
        box = file.get_mosaic_scene_bounding_box(index or 0) if mosaic else None
        places = [dict(tile.dimension_coordinates) for tile in tiles]
    begin = {axis: span.get(axis, (0, 1))[0] for axis in "TCZ"}
    lengths = [span.get(axis, (0, 1))[1] - begin[axis] for axis in "TCZ"]
    height, width = (box.h, box.w) if box is not None else (span[axis][1] - span[axis][0] for axis in "YX")
    found = Dimensions(
        "TCZYX" if samples == 1 else "TCZYXS", (*lengths, height, width, *((samples,) if samples > 1 else ()))
    )
    stored = frozenset(
        (place.get("T", 0) - begin["T"], place.get("C", 0) - begin["C"], place.get("Z", 0) - begin["Z"])
        for place in places
    )
    if not stored or found.size.t * found.size.c * found.size.z > _LOST_PLANES * len(stored):
        raise CafiError(f"{path}: it declares many more planes than the {len(stored)} that it holds; {DAMAGED}.")
    plane_bytes = height * width * samples * np.dtype(dtype).itemsize
    check_declared(path, "a plane", plane_bytes, path.stat().st_size, _CODEC_RATIO)
    region = None if box is None else (box.x, box.y, box.w, box.h)
    return _Scene(index, begin, found, np.dtype(dtype), stored, region)


class _CziPlanes:
    """Planes of one scene of a CZI file that stays open."""

    def __init__(self, path: Path, file: CziFile, stream: Any, scene: _Scene, dims: Dimensions) -> None:
        self._path = path
        self._file = file
        self._stream = stream
        self._scene = scene
        self._dims = dims
        self._lock = threading.Lock()
        self._forget = weakref.finalize(self, stream.close)

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return one plane, shape (Y, X) or (Y, X, S); zeros where it is missing."""
        scene, place = self._scene, self._locate(t, c, z)
        if place not in scene.stored:
            return np.zeros(scene.plane_shape, scene.dtype)
        where = {axis: scene.begin[axis] + at for axis, at in zip("TCZ", place, strict=True)}
        with self._lock, guarded(self._path, f"{plane_name(t, c, z)} cannot be read", also=_ERRORS):
            if self._stream.closed:
                raise OSError("the file was closed")
            if scene.region is not None:
                pixels = self._file.read_mosaic(region=scene.region, scale_factor=1.0, **where)
            else:
                where |= {} if scene.index is None else {"S": scene.index}
                pixels, _ = self._file.read_image(cores=1, **where)
        if pixels.size != np.prod(scene.plane_shape) or not np.can_cast(pixels.dtype, scene.dtype, "safe"):
            raise CafiError(
                f"{self._path}: {plane_name(t, c, z)} differs from the others in size or pixel type; export its"
                " channel by itself."
            )
        plane = pixels.reshape(scene.plane_shape)
        # Colours are stored as blue, green, red.
        return np.ascontiguousarray(plane[..., ::-1] if plane.ndim == 3 else plane, scene.dtype)

    def is_missing(self, t: int, c: int, z: int) -> bool:
        """Whether the file holds no such plane."""
        return self._locate(t, c, z) not in self._scene.stored

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._stream.close()

    def _locate(self, t: int, c: int, z: int) -> tuple[int, int, int]:
        time, channel, depth = (at for at in self._dims.locate(t, c, z) if isinstance(at, int))
        return time, channel, depth
