"""Nikon ND2, through the library nd2."""

from __future__ import annotations

import math
import threading
import warnings
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import nd2
import numpy as np

from cafi.errors import CafiError
from cafi.movie.model import Header, Movie, SourceMetadata
from cafi.movie.reading.dimensions import Dimensions, settle
from cafi.movie.reading.guard import DAMAGED, check_declared, guarded, plane_name
from cafi.movie.reading.scenes import chosen_scene
from cafi.movie.reading.times import frame_times
from cafi.movie.reading.vendor_nikon_metadata import (
    ND2_ERRORS,
    Nd2Facts,
    Nd2Shape,
    channels_of,
    frame_interval,
    frame_stamps,
    ome_xml,
    pixel_size,
    position_names,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

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
    with guarded(path, "it cannot be read as ND2", also=ND2_ERRORS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = nd2.ND2File(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _movie(path, file, options)
    except BaseException:
        file.close()
        raise


def _movie(path: Path, file: nd2.ND2File, options: ReadOptions) -> Movie:
    shape, stored = _layout(path, file)
    with guarded(path, "its metadata cannot be understood", also=ND2_ERRORS):
        facts = Nd2Facts.of(file)
    names = position_names(facts.experiment, shape.loops.get("P", 1))
    scene = chosen_scene(path, names, options)
    dims, assumed = settle(path, shape.dimensions, options.axes)
    as_stored = dims.size == shape.dimensions.size
    times, times_from, notes = (
        frame_times(dims.size.t, frame_stamps(shape, facts.rows, scene), frame_interval(facts.experiment))
        if as_stored
        else (None, None, ())
    )
    header = Header(
        name=path.stem if len(names) == 1 else f"{path.stem} {names[scene]}",
        size=dims.size,
        dtype=shape.dtype,
        samples=shape.samples,
        pixel_size=pixel_size(facts, "Z" in shape.loops and as_stored),
        times=times,
        times_from=times_from,
        channels=channels_of(facts, dims.size.c),
        significant_bits=facts.significant_bits,
    )
    xml = ome_xml(file, header, shape, facts.rows, scene) if as_stored else None
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


def _layout(path: Path, file: nd2.ND2File) -> tuple[Nd2Shape, dict[int, int] | None]:
    """Return the shape, and where each frame lies in the file (None where nd2 does not tell)."""
    with guarded(path, "its header cannot be understood", also=ND2_ERRORS):
        sizes, attributes, dtype = dict(file.sizes), file.attributes, file.dtype
        experiment = math.prod(loop.count for loop in file.experiment)
        # A frame that is not listed was never written; nd2 reads it as zeros.
        stored: dict[int, int] | None = getattr(file._rdr, "_frame_offsets", None)
    height, width = sizes.pop("Y", 1), sizes.pop("X", 1)
    channels, samples = sizes.pop("C", 1), sizes.pop("S", 1)
    components = attributes.componentCount // (attributes.channelCount or 1)
    shape = Nd2Shape(sizes, channels, height, width, samples, dtype, components, attributes.widthBytes)
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
    if components < 1:
        raise CafiError(f"{path}: its header contradicts itself about channels; {DAMAGED}.")
    return shape, stored


class _Nd2Planes:
    """Planes of one position of an ND2 file that stays open."""

    def __init__(
        self,
        path: Path,
        file: nd2.ND2File,
        shape: Nd2Shape,
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
                frame_pixels = np.zeros(shape.channels * shape.height * shape.width * shape.samples, shape.dtype)
            else:
                self._refuse_cut_off(frame, plane_name(t, c, z))
                with guarded(self._path, f"{plane_name(t, c, z)} cannot be read", also=ND2_ERRORS):
                    frame_pixels = self._file.read_frame(frame)
            # Copied under the lock, since it may be a view into the mapped file.
            return np.array(shape.plane(frame_pixels, channel), order="C")

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
