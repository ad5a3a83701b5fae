"""OME-Zarr 0.5: every plane its own chunk or shard, written where it stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from zarr.codecs import ZstdCodec

from cafi.movie.reading.guard import LIBRARY_ERRORS, guarded
from cafi.movie.writing.levels import level_sizes, pyramid
from cafi.movie.writing.progress import incomplete, told_clearly
from cafi.movie.writing.publishing import publish_folder, remove

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.model import Header
    from cafi.movie.options import WriteOptions

AXES = ["t", "c", "z", "y", "x"]
_CHUNK = 512
_ZSTD_LEVEL = 3
_SAMPLED_FRAMES = 8


@dataclass(frozen=True)
class ZarrSink:
    """A `cafi.movie.writing.Sink` for OME-Zarr; RGB samples become channels.

    Attributes
    ----------
    target, folder : Path
    header : Header
    levels : tuple of zarr.Array
        Full size first, each (T, C*S, Z, Y, X).
    """

    target: Path
    folder: Path
    header: Header
    levels: tuple[zarr.Array[Any], ...]

    @classmethod
    def begin(cls, target: Path, folder: Path, header: Header, options: WriteOptions) -> ZarrSink:
        """See `cafi.movie.writing.make_sink`."""
        data, draft = folder / "data.zarr", folder / "begun.zarr"
        sink = cls(target, folder, header, ())
        with told_clearly(target, sink._so_far):
            folder.mkdir(parents=True, exist_ok=True)
            # What was published must not be begun anew by whoever repeats the last step.
            if not data.exists() and not sink._complete.exists():
                remove(draft)
                _create(draft, header, compressed=options.compression != "none")
                draft.rename(data)
            count = len(level_sizes(header.size.y, header.size.x)) if data.exists() else 0
            with guarded(data, "it is damaged", "give --overwrite to start anew"):
                levels = tuple(zarr.open_array(data / str(level), mode="r+") for level in range(count))
        return cls(target, folder, header, tuple(_keeping_blanks(level) for level in levels))

    def write(self, t: int, z: int, planes: NDArray[Any]) -> None:
        """See `cafi.movie.writing.Sink.write`."""
        header, size = self.header, self.header.size
        expected = (size.c, size.y, size.x) + ((header.samples,) if header.samples > 1 else ())
        if planes.shape != expected or planes.dtype != header.dtype:
            raise ValueError(f"got {planes.dtype} planes of shape {planes.shape}, not {header.dtype} of {expected}")
        if header.samples > 1:
            planes = np.moveaxis(planes, -1, 1).reshape(size.c * header.samples, size.y, size.x)
        if not self.levels:
            return  # the target stands already, whole
        found = pyramid(planes, len(self.levels))
        with told_clearly(self.target, self._so_far):
            # Full size last, so that it tells that the others are there too.
            for number, (array, level) in reversed(list(enumerate(zip(self.levels, found, strict=True)))):
                # Zarr would read a shard that lies there, and that may be damaged.
                for chunk in self._chunks(number, t, z):
                    chunk.unlink(missing_ok=True)
                array[t : t + 1, :, z : z + 1] = level[None, :, None]

    def holds(self, t: int, z: int) -> bool:
        """See `cafi.movie.writing.Sink.holds`."""
        return all(self._holds(level, t, z) for level in range(len(self.levels)))

    def _holds(self, level: int, t: int, z: int) -> bool:
        # Zarr reads what is missing, and an empty shard, as zeros.
        if not all(chunk.exists() and chunk.stat().st_size for chunk in self._chunks(level, t, z)):
            return False
        try:
            self.levels[level][t, :, z]
        except LIBRARY_ERRORS:
            return False
        return True

    def finish(self) -> None:
        """See `cafi.movie.writing.Sink.finish`."""
        from cafi.movie.writing.zarr_metadata import write_metadata

        data = self.folder / "data.zarr"
        with told_clearly(self.target, self._so_far):
            if not self._complete.exists():
                if self._stored() < self.header.size.t * self.header.size.z:
                    raise incomplete(self.target, self.folder)
                # Zarr's own drafts, of writes that were killed.
                for draft in data.rglob("*.partial"):
                    draft.unlink()
                write_metadata(data, self.header, self._smallest())
                self._complete.touch()
            publish_folder(data, self.target, self.folder / "replaced")

    @property
    def _complete(self) -> Path:
        return self.folder / "complete"

    def _stored(self) -> int:
        size = self.header.size
        return sum(self._chunks(0, t, z)[-1].exists() for t in range(size.t) for z in range(size.z))

    def _chunks(self, level: int, t: int, z: int) -> list[Path]:
        """Return the files, each of a chunk or a shard, that hold the planes of a frame."""
        place = self.folder / "data.zarr" / str(level) / "c" / str(t)
        return [place / str(c) / str(z) / "0" / "0" for c in range(self.header.size.c * self.header.samples)]

    def _so_far(self) -> str:
        return f"{self._stored()} of {self.header.size.t * self.header.size.z} frames are stored"

    def _smallest(self) -> NDArray[Any]:
        """Return the smallest level of some frames, shape (N, C*S, Z, Y, X), to choose display ranges by."""
        step = -(-self.header.size.t // _SAMPLED_FRAMES)
        return np.asarray(self.levels[-1][::step])


def _create(path: Path, header: Header, *, compressed: bool) -> None:
    size = header.size
    group = zarr.create_group(path, zarr_format=3)
    for level, (y, x) in enumerate(level_sizes(size.y, size.x)):
        chunk = (1, 1, 1, min(y, _CHUNK), min(x, _CHUNK))
        whole = (1, 1, 1, *(-(-length // part) * part for length, part in zip((y, x), chunk[3:], strict=True)))
        group.create_array(
            str(level),
            shape=(size.t, size.c * header.samples, size.z, y, x),
            dtype=header.dtype.name,  # zarr does not know the platform's other names of a type
            chunks=chunk,
            shards=whole if whole != chunk else None,
            compressors=ZstdCodec(level=_ZSTD_LEVEL, checksum=True) if compressed else None,
            fill_value=0,
            dimension_names=AXES,
        )


def _keeping_blanks(array: zarr.Array[Any]) -> zarr.Array[Any]:
    """Return the array such that planes of zeros are stored too: a blank frame is not a missing one."""
    return array.with_config({"write_empty_chunks": True})
