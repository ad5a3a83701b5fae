"""What a movie is: plain data about it, and a lazy source of its planes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cafi.movie.frames import FrameTable


class Size(NamedTuple):
    """Lengths of the axes in OME order TCZYX."""

    t: int
    c: int
    z: int
    y: int
    x: int


@dataclass(frozen=True)
class PixelSize:
    """Distance between neighbouring pixels; ``None`` where the file does not say."""

    z: float | None = None
    y: float | None = None
    x: float | None = None
    unit: str = "µm"


@dataclass(frozen=True)
class Channel:
    """Name and display colour (``#rrggbb``) of a channel."""

    name: str | None = None
    color: str | None = None


@dataclass(frozen=True)
class SourceMetadata:
    """Everything else that the source file says, kept so that nothing is lost.

    Attributes
    ----------
    ome_xml : str or None
        The source's own OME-XML, unchanged.
    image_index : int
        Which ``Image`` of the OME-XML this movie is.
    imagej : dict or None
        ImageJ's metadata as tifffile gives it.
    vendor : dict or None
        The microscope maker's metadata, as JSON-serialisable values.
    """

    ome_xml: str | None = None
    image_index: int = 0
    imagej: dict[str, Any] | None = None
    vendor: dict[str, Any] | None = None


@dataclass(frozen=True)
class Header:
    """What a movie is, without its pixels.

    Attributes
    ----------
    name : str
    size : Size
        TCZYX lengths; ``c`` counts channels, not the samples of an RGB pixel.
    dtype : numpy.dtype
        In native byte order.
    samples : int
        1, or 3 or 4 for RGB(A) pixels, which are stored last: planes are (Y, X, S).
    pixel_size : PixelSize
    times : ndarray of float64, shape (T,), or None
        Time stamp of every frame in seconds, strictly increasing; irregular ones are kept.
    times_from : str or None
        'planes' where every frame was stamped, 'interval' where the file only states a
        constant interval, None where it says nothing.
    channels : tuple of Channel
        One for each channel.
    significant_bits : int or None
        Where the camera used fewer bits than the dtype has.
    metadata : SourceMetadata
    frames : FrameTable or None
        For a movie that cafi wrote: which frames are acquired and which interpolated.
    provenance : dict or None
        For a movie that cafi wrote: how it was made (JSON-serialisable).
    """

    name: str
    size: Size
    dtype: np.dtype[Any]
    samples: int = 1
    pixel_size: PixelSize = PixelSize()
    times: NDArray[np.float64] | None = None
    times_from: str | None = None
    channels: tuple[Channel, ...] = ()
    significant_bits: int | None = None
    metadata: SourceMetadata = SourceMetadata()
    frames: FrameTable | None = None
    provenance: dict[str, Any] | None = None

    @property
    def plane_names(self) -> list[str]:
        """A name for each channel and sample; the channel's number where it has none."""
        named = [channel.name for channel in self.channels] + [None] * self.size.c
        channels = [named[c] or str(c) for c in range(self.size.c)]
        letters = "RGBA"[: self.samples]
        return channels if self.samples == 1 else [f"{channel} {letter}" for channel in channels for letter in letters]


class PlaneSource(Protocol):
    """Where the planes of a movie come from; reads nothing before it is asked."""

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return one plane, shape (Y, X) or (Y, X, S), in the movie's dtype, native byte order.

        Raises
        ------
        CafiError
            If the plane cannot be read; the sentence names file, frame and problem.
        """

    def is_missing(self, t: int, c: int, z: int) -> bool:
        """Whether the file holds no data for this plane (it is then read as zeros)."""

    def close(self) -> None:
        """Let go of files."""


@dataclass(frozen=True)
class Movie:
    """An image series with named axes, lazily backed.

    Attributes
    ----------
    header : Header
    source : PlaneSource
    path : Path or None
        The file or folder that it was read from.
    scene : int
        Which of the file's scenes (positions, series) this is.
    scenes : tuple of str
        Names of all scenes in the file.
    format : str
        The container, in words for people: 'OME-TIFF', 'ImageJ TIFF', 'OME-Zarr 0.5', ...
    compression : str or None
    assumptions : tuple of str
        One sentence for each thing that the file left open and that was assumed.
    """

    header: Header
    source: PlaneSource
    path: Path | None = None
    scene: int = 0
    scenes: tuple[str, ...] = ("0",)
    format: str = "array"
    compression: str | None = None
    assumptions: tuple[str, ...] = field(default=())

    def frame(self, t: int, z: int) -> NDArray[Any]:
        """Return all channels at one time and depth, shape (C, Y, X) or (C, Y, X, S)."""
        import numpy as np

        return np.stack([self.source.read(t, c, z) for c in range(self.header.size.c)])

    def __enter__(self) -> Movie:
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()
