"""What each kind of TIFF description comes down to: a stack of pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cafi.movie.model import Channel, PixelSize, SourceMetadata
from cafi.movie.reading.dimensions import Dimensions
from cafi.movie.reading.tiff_file import PageForm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tifffile import TiffPage

    from cafi.movie.reading.tiff_file import TiffFile
    from cafi.movie.reading.tiff_source import Contiguous, PageMap

# RGB, and what the JPEG decoder turns into it.
_COLOR = (2, 6)


@dataclass(frozen=True)
class Stack:
    """One scene of a TIFF file.

    Attributes
    ----------
    name : str
    outer : Dimensions
        Of the pages, slowest first.
    inner : Dimensions
        Inside each page.
    form : PageForm
    pages : PageMap or Contiguous
    root : TiffFile
    metadata : SourceMetadata
    pixel_size : PixelSize
    stamps : sequence of float, seconds, or None
    interval : float, seconds, or None
    channels : tuple of Channel
    significant_bits : int or None
    assumptions : tuple of str
    records : tuple
        What cafi left in the file: frames and provenance or None, and header fields.
    """

    name: str
    outer: Dimensions
    inner: Dimensions
    form: PageForm
    pages: PageMap | Contiguous
    root: TiffFile
    metadata: SourceMetadata = field(default_factory=SourceMetadata)
    pixel_size: PixelSize = field(default_factory=PixelSize)
    stamps: Sequence[float] | None = None
    interval: float | None = None
    channels: tuple[Channel, ...] = ()
    significant_bits: int | None = None
    assumptions: tuple[str, ...] = ()
    records: tuple[Any, dict[str, Any]] = field(default=(None, {}))


@dataclass(frozen=True)
class Stacks:
    """The scenes of a TIFF file: the container's name, their names, and how to get one."""

    format: str
    names: tuple[str, ...]
    stack: Callable[[int], Stack]


def form_of(page: TiffPage) -> PageForm:
    """Return what all pages of a stack have in common with this one."""
    assert page.dtype is not None
    return PageForm(page.shape, page.dtype)


def inner_dimensions(page: TiffPage) -> Dimensions:
    """Return the dimensions inside a page; samples that are no colours are channels ('s')."""
    labels = page.axes
    if "S" in labels and not (page.photometric in _COLOR and page.samplesperpixel in (3, 4)):
        labels = labels.replace("S", "s")
    return Dimensions(labels, page.shape)


def text_tags(page: TiffPage, *left_out: str) -> dict[str, Any] | None:
    """Return all tags that hold text, by name."""
    texts = {tag.name: tag.value for tag in page.tags if isinstance(tag.value, str) and tag.value}
    return {name: text for name, text in texts.items() if name not in left_out} or None


def significant_bits(page: TiffPage) -> int | None:
    """Return the bits of a sample, where they are fewer than its type has."""
    assert page.dtype is not None
    whole = page.dtype.itemsize * 8
    return page.bitspersample if page.dtype.kind in "iu" and page.bitspersample < whole else None


def pages_in_order(root: TiffFile, numbers: Sequence[int]) -> PageMap:
    """Return the map to pages of one file."""

    def where(page: int) -> tuple[Any, int]:
        return root.path, numbers[page]

    return where
