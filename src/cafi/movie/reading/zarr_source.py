"""The planes of a Zarr array."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.movie.reading.guard import MEBIBYTE, guarded, plane_name

if TYPE_CHECKING:
    from pathlib import Path

    import zarr
    from numpy.typing import NDArray
    from zarr.abc.store import Store

    from cafi.movie.reading.dimensions import Dimensions

_KEPT_BYTES = 64 * MEBIBYTE

Block = tuple[tuple[int, int], ...]


class ZarrPlanes:
    """A `PlaneSource` over a Zarr array.

    A chunk may hold several planes. The chunks around the planes read last are kept, so that
    planes read in order decode each chunk once.

    Parameters
    ----------
    path : Path
    store : Store
    array : Array
    dimensions : Dimensions
        Of the array.
    chunks : tuple of int
    """

    def __init__(
        self, path: Path, store: Store, array: zarr.Array[Any], dimensions: Dimensions, chunks: tuple[int, ...]
    ) -> None:
        self._path = path
        self._store = store
        self._array = array
        self._dimensions = dimensions
        self._chunks = chunks
        self._dtype = array.dtype.newbyteorder("=")
        self._lock = threading.Lock()
        self._kept: OrderedDict[Block, NDArray[Any]] = OrderedDict()

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return one plane, shape (Y, X) or (Y, X, S)."""
        index = self._dimensions.locate(t, c, z)
        block = self._block(index)
        inside = tuple(_within(at, start) for at, (start, _) in zip(index, block, strict=True))
        pixels = self._pixels(block, plane_name(t, c, z))
        return pixels[inside].transpose(self._dimensions.plane_order).copy()

    def _block(self, index: tuple[int | slice, ...]) -> Block:
        """Return begin and end, along each dimension, of the chunks around a plane."""
        plane = tuple(_extent(at, n) for at, n in zip(index, self._dimensions.shape, strict=True))
        places = zip(plane, self._chunks, self._dimensions.shape, strict=True)
        chunks = tuple((start // chunk * chunk, min(n, -(-end // chunk) * chunk)) for (start, end), chunk, n in places)
        size = math.prod(end - start for start, end in chunks) * self._dtype.itemsize
        return chunks if size <= _KEPT_BYTES else plane

    def _pixels(self, block: Block, plane: str) -> NDArray[Any]:
        with self._lock:
            kept = self._kept.get(block)
            if kept is not None:
                self._kept.move_to_end(block)
                return kept
        with guarded(self._path, f"{plane} cannot be read"):
            pixels = np.asarray(self._array[tuple(slice(start, end) for start, end in block)])
        pixels = pixels.astype(self._dtype, copy=False)
        with self._lock:
            self._kept[block] = pixels
            while sum(one.nbytes for one in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return pixels

    def is_missing(self, t: int, c: int, z: int) -> bool:  # noqa: ARG002
        """Return False: Zarr does not tell chunks that were never written from blank ones, which it leaves out."""
        return False

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()


def _extent(at: int | slice, length: int) -> tuple[int, int]:
    if isinstance(at, slice):
        return at.indices(length)[:2]
    return at, at + 1


def _within(at: int | slice, start: int) -> int | slice:
    if isinstance(at, int):
        return at - start
    return slice(None) if at.start is None else slice(at.start - start, at.stop - start)
