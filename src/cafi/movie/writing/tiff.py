"""OME-TIFF and ImageJ TIFF: frames are encoded once, each into its own small file, and joined at the end."""

from __future__ import annotations

import io
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from tifffile import TiffFile, TiffWriter

from cafi import __version__
from cafi.movie.writing.formats import CLASSIC_LIMIT
from cafi.movie.writing.levels import level_sizes, pyramid
from cafi.movie.writing.progress import incomplete, told_clearly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.model import Header
    from cafi.movie.options import WriteOptions
    from cafi.movie.writing.formats import Format

_BYTE_ORDER: Literal["<"] = "<"
_SEAL = 4  # bytes
_WHOLE_FRAME, _TILE = 1024, 512
_SMALLEST_LEVEL = 512
_CODECS = {"deflate": "ADOBE_DEFLATE", "zstd": "ZSTD", "lzw": "LZW"}


@dataclass(frozen=True)
class TiffSink:
    """A `cafi.movie.writing.Sink` for TIFF files.

    Attributes
    ----------
    target, folder : Path
    header : Header
    form : 'ome-tiff' or 'imagej-tiff'
    storage : tuple of dict
        For each level of the pyramid (one without), how tifffile is to encode its planes.
    """

    target: Path
    folder: Path
    header: Header
    form: Format
    storage: tuple[dict[str, Any], ...]

    @classmethod
    def begin(cls, target: Path, folder: Path, header: Header, options: WriteOptions, form: Format) -> TiffSink:
        """See `cafi.movie.writing.make_sink`."""
        sizes = level_sizes(header.size.y, header.size.x, _SMALLEST_LEVEL)
        sizes = sizes if options.pyramid else sizes[:1]
        storage = tuple(_storage(header, options.compression, form, y, x) for y, x in sizes)
        sink = cls(target, folder, header, form, storage)
        with told_clearly(target, sink._so_far):
            sink._frames.mkdir(parents=True, exist_ok=True)
        return sink

    def write(self, t: int, z: int, planes: NDArray[Any]) -> None:
        """See `cafi.movie.writing.Sink.write`."""
        encoded = self._encoded(planes)
        part = self._part(t, z)
        draft = part.with_name(f"{part.name}.{threading.get_ident()}.tmp")
        with told_clearly(self.target, self._so_far):
            draft.write_bytes(encoded)
            draft.replace(part)

    def holds(self, t: int, z: int) -> bool:
        """See `cafi.movie.writing.Sink.holds`."""
        part = self._part(t, z)
        return part.exists() and _is_sealed(part.read_bytes())

    def finish(self) -> None:
        """See `cafi.movie.writing.Sink.finish`."""
        published = self.folder / "published"
        if published.exists() and self.target.exists():
            return
        if self._stored() < self._count:
            raise incomplete(self.target, self.folder)
        assembled = self.folder / "assembled.tif"
        with told_clearly(self.target, self._so_far):
            if self.form == "ome-tiff":
                self._assemble_ome(assembled)
            else:
                self._assemble_imagej(assembled)
            assembled.replace(self.target)
            published.touch()

    @property
    def _frames(self) -> Path:
        return self.folder / "frames"

    @property
    def _count(self) -> int:
        return self.header.size.t * self.header.size.z

    def _part(self, t: int, z: int) -> Path:
        return self._frames / f"{t:06d}_{z:06d}.tif"

    def _parts(self) -> Iterator[Path]:
        return (self._part(t, z) for t in range(self.header.size.t) for z in range(self.header.size.z))

    def _stored(self) -> int:
        return sum(1 for _ in self._frames.glob("*.tif"))

    def _so_far(self) -> str:
        return f"{self._stored()} of {self._count} frames are stored"

    def _encoded(self, planes: NDArray[Any]) -> memoryview:
        header, size = self.header, self.header.size
        expected = (size.c, size.y, size.x) + ((header.samples,) if header.samples > 1 else ())
        if planes.shape != expected or planes.dtype != header.dtype:
            raise ValueError(f"got {planes.dtype} planes of shape {planes.shape}, not {header.dtype} of {expected}")
        buffer = io.BytesIO()
        with TiffWriter(buffer, bigtiff=True, byteorder=_BYTE_ORDER) as tiff:
            for level, storage in zip(pyramid(planes, len(self.storage)), self.storage, strict=True):
                tiff.write(np.ascontiguousarray(level), metadata=None, software=False, maxworkers=1, **storage)
        seal = _seal(buffer.getbuffer())
        buffer.seek(0, io.SEEK_END)
        buffer.write(seal)
        return buffer.getbuffer()

    def _segments(self, level: int) -> Iterator[bytes]:
        """Yield the encoded strips or tiles of a level, frame after frame."""
        first = level * self.header.size.c
        for part in self._parts():
            with TiffFile(part) as tiff:
                for page in tiff.pages[first : first + self.header.size.c]:
                    for offset, length in zip(page.dataoffsets, page.databytecounts, strict=True):
                        tiff.filehandle.seek(offset)
                        yield tiff.filehandle.read(length)

    def _assemble_ome(self, path: Path) -> None:
        from cafi.movie.ome import build_ome_xml

        xml = build_ome_xml(self.header).encode()
        pages = self._count * self.header.size.c
        size = sum(part.stat().st_size for part in self._parts()) + len(xml) + 512 * pages
        big = size > CLASSIC_LIMIT or self.target.suffix.lower() in (".btf", ".tf8")
        with TiffWriter(path, bigtiff=big, byteorder=_BYTE_ORDER, ome=False, shaped=False) as tiff:
            sizes = level_sizes(self.header.size.y, self.header.size.x, _SMALLEST_LEVEL)
            for level, storage in enumerate(self.storage):
                shape = (pages, *sizes[level]) + ((self.header.samples,) if self.header.samples > 1 else ())
                own: dict[str, Any] = {"subfiletype": 1}
                if level == 0:
                    own = {"description": xml, "subifds": len(self.storage) - 1, "software": f"cafi {__version__}"}
                tiff.write(
                    self._segments(level),
                    shape=shape,
                    dtype=self.header.dtype,
                    metadata=None,
                    **({"software": False} | own | storage),
                )

    def _assemble_imagej(self, path: Path) -> None:
        import warnings

        from cafi.movie.writing.imagej import imagej_metadata, resolution

        size = self.header.size
        # The samples are always stated: without them tifffile takes a width of 1 for them.
        shape = (size.t, size.z, size.c, size.y, size.x, self.header.samples)
        with warnings.catch_warnings(), TiffWriter(path, imagej=True, byteorder=_BYTE_ORDER) as tiff:
            # Beyond 4 GiB ImageJ reads on after the first page, so that the others are not written.
            warnings.filterwarnings("ignore", message=".*truncating ImageJ file")
            tiff.write(
                self._segments(0),
                shape=shape,
                dtype=self.header.dtype,
                metadata=imagej_metadata(self.header),
                resolution=resolution(self.header.pixel_size),
                software=f"cafi {__version__}",
                **self.storage[0],
            )


def _seal(encoded: bytes | memoryview) -> bytes:
    """Return a checksum, which stands behind the encoded frame, where readers of TIFF do not look."""
    return zlib.crc32(encoded).to_bytes(_SEAL, "little")


def _is_sealed(stored: bytes) -> bool:
    return len(stored) > _SEAL and _seal(memoryview(stored)[:-_SEAL]) == stored[-_SEAL:]


def _storage(header: Header, compression: str, form: Format, y: int, x: int) -> dict[str, Any]:
    """Return how tifffile is to encode planes of this size."""
    found: dict[str, Any] = {"photometric": "rgb" if header.samples > 1 else "minisblack"}
    if header.samples > 1:
        found["planarconfig"] = "contig"
    if header.samples == 4:
        found["extrasamples"] = ("unassalpha",)
    # ImageJ reads no tiles; uncompressed ones would store the padding at the edges.
    if form == "imagej-tiff" or compression == "none" or max(y, x) <= _WHOLE_FRAME:
        found["rowsperstrip"] = y
    else:
        found["tile"] = tuple(min(_TILE, -(-length // 16) * 16) for length in (y, x))
    if compression == "none":
        return found
    found["compression"] = _CODECS[compression]
    if compression == "deflate" and header.dtype.itemsize == 2:
        # Measured on microscope movies of 16 bits: a quarter faster than the default level, the
        # size within 1 %. With 8 bits or floats it would cost up to 4 %.
        found["compressionargs"] = {"level": 4}
    # ImageJ ignores the predictor of deflate, and Bio-Formats knows none for floats.
    if form == "ome-tiff" and header.dtype.kind in "iu":
        found["predictor"] = "HORIZONTAL"
    return found
