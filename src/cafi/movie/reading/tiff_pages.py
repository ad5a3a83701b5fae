"""Stacks whose pages follow one another: ImageJ's, tifffile's own, and plain multi-page TIFF files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.movie.model import PixelSize, SourceMetadata
from cafi.movie.reading import imagej
from cafi.movie.reading.dimensions import Dimensions
from cafi.movie.reading.guard import DAMAGED, guarded
from cafi.movie.reading.records import record
from cafi.movie.reading.tiff_directories import Directories
from cafi.movie.reading.tiff_source import Contiguous
from cafi.movie.reading.tiff_stack import (
    Stack,
    Stacks,
    form_of,
    inner_dimensions,
    pages_in_order,
    significant_bits,
    text_tags,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tifffile import TiffPage

    from cafi.movie.options import ReadOptions
    from cafi.movie.reading.tiff_file import TiffFile
    from cafi.movie.reading.tiff_source import PageMap


def imagej_stacks(root: TiffFile, options: ReadOptions) -> Stacks | None:
    """Understand an ImageJ stack; None if it has other pages than it states and the user names its axes.

    Raises
    ------
    CafiError
        If it has other pages than it states.
    """
    from cafi.movie.carried import fields_from_imagej
    from cafi.movie.provenance import from_imagej

    with guarded(root.path, "its ImageJ metadata cannot be understood"):
        metadata: dict[str, Any] = root.tiff.imagej_metadata or {}
    inner = inner_dimensions(root.first)
    found = imagej.page_dimensions(metadata, inner.length("s"))
    stored = None if found is None else _stored_pages(root, math.prod(found.shape))
    if found is None or stored is None:
        told = "no sensible numbers of images" if found is None else f"{math.prod(found.shape)} images"
        _too_few(root, options, told)
        return None
    outer, assumptions = (found, ()) if options.axes else imagej.slices_as_time(found, metadata)
    interval, paced = imagej.frame_interval(metadata)
    if "I" not in outer.labels and outer.length("T") == 1:
        paced = ()
    info = metadata.get("Info")
    info = info if isinstance(info, str) else ""
    stack = Stack(
        name=_stem(root.path),
        outer=outer,
        inner=inner,
        form=form_of(root.first),
        pages=stored,
        root=root,
        metadata=SourceMetadata(imagej=metadata, vendor=text_tags(root.first, "ImageDescription")),
        pixel_size=_pixel_size(root, root.first, metadata),
        interval=interval,
        channels=imagej.channels(metadata, outer.length("C") * inner.length("s")),
        significant_bits=significant_bits(root.first),
        assumptions=assumptions + paced,
        records=(record(root.path, from_imagej, info), record(root.path, fields_from_imagej, info)),
    )
    return Stacks("ImageJ TIFF", (stack.name,), lambda _: stack)


def shaped_stacks(root: TiffFile, metadata: dict[str, Any], options: ReadOptions) -> Stacks | None:
    """Understand a file of tifffile's own from its JSON; None if it is to be read page by page.

    Raises
    ------
    CafiError
        If it has other pages than it states.
    """
    page, pages = root.first, _main_pages(root)
    shape, each = tuple(metadata["shape"]), math.prod(root.first.shape)
    told = f"the shape {'x'.join(map(str, shape))}"
    count, rest = divmod(math.prod(shape), each)
    if rest or count < 1:
        _too_few(root, options, told)
        return None
    if len(pages) > count and len(pages) % count == 0:
        # Frames that were written one by one: every one is a series of its own to tifffile.
        alike = len({root.directories.forms[number] for number in pages}) == 1
        if not alike or root.page(pages[count]).description != page.description:
            return None
        shape, metadata = (len(pages) // count, *shape), metadata | {"axes": "I" + _axes(metadata, shape, page)}
        count = len(pages)
    stored = _stored_pages(root, count)
    if stored is None:
        _too_few(root, options, told)
        return None
    stack = _shaped_stack(root, shape, _axes(metadata, shape, page), metadata, stored)
    if stack is None:
        _too_few(root, options, told)
        return None
    return Stacks("TIFF", (stack.name,), lambda _: stack)


def _axes(metadata: dict[str, Any], shape: tuple[int, ...], page: TiffPage) -> str:
    axes = metadata.get("axes")
    if isinstance(axes, str) and len(axes) == len(shape) and "Y" in axes and "X" in axes:
        return axes
    inner = inner_dimensions(page).labels
    return ("IJKLMNOP" * len(shape))[: max(0, len(shape) - len(inner))] + inner[-len(shape) :]


def _shaped_stack(
    root: TiffFile, shape: tuple[int, ...], axes: str, metadata: dict[str, Any], stored: PageMap | Contiguous
) -> Stack | None:
    page = root.first
    # The last dimensions that fill a page are inside it; tifffile leaves out those of length one.
    split = len(shape)
    while split > 0 and math.prod(shape[split:]) < math.prod(page.shape):
        split -= 1
    while split > 0 and not {"Y", "X"} <= set(axes[split:]):
        split -= 1
    squeezed = [n for n in shape[split:] if n > 1]
    if squeezed != [n for n in page.shape if n > 1] or not {"Y", "X"} <= set(axes[split:]):
        return None
    labels = axes[split:]
    if "S" in labels and inner_dimensions(page).length("S") == 1:
        labels = labels.replace("S", "s")
    interval, paced = imagej.frame_interval(metadata)
    return Stack(
        name=str(metadata.get("name") or _stem(root.path)),
        outer=Dimensions(axes[:split], shape[:split]),
        inner=Dimensions(labels, shape[split:]),
        form=form_of(page),
        pages=stored,
        root=root,
        metadata=SourceMetadata(vendor=text_tags(page)),
        pixel_size=_pixel_size(root, page, metadata),
        interval=interval,
        significant_bits=significant_bits(page),
        assumptions=paced,
    )


def plain_stacks(root: TiffFile, assumptions: tuple[str, ...]) -> Stacks:
    """Return the pages of equal size and type as stacks, one scene for each size and type."""
    root.directories.require_whole(root.path)
    groups: dict[int, list[int]] = {}
    for number in _main_pages(root) or [0]:
        groups.setdefault(root.directories.forms[number], []).append(number)
    members = list(groups.values())
    stem = _stem(root.path)
    names = tuple(stem if len(members) == 1 else f"{stem} pages {group[0]}-{group[-1]}" for group in members)
    return Stacks("TIFF", names, lambda scene: _plain_stack(root, members[scene], names[scene], assumptions))


def _plain_stack(root: TiffFile, numbers: list[int], name: str, assumptions: tuple[str, ...]) -> Stack:
    page = root.page(numbers[0])
    return Stack(
        name=name,
        outer=Dimensions("I", (len(numbers),)),
        inner=inner_dimensions(page),
        form=form_of(page),
        pages=pages_in_order(root, numbers),
        root=root,
        metadata=SourceMetadata(vendor=text_tags(page)),
        pixel_size=_pixel_size(root, page, {}),
        significant_bits=significant_bits(page),
        assumptions=assumptions,
    )


def _main_pages(root: TiffFile) -> list[int]:
    return [number for number, form in enumerate(root.directories.forms) if form != Directories.REDUCED]


def _stored_pages(root: TiffFile, count: int) -> PageMap | Contiguous | None:
    """Return where a stack of `count` pages is: one after the other in one block, or in pages of their own."""
    pages = _main_pages(root)
    if len(pages) == count:
        root.directories.require_whole(root.path)
        return pages_in_order(root, pages)
    page = root.first
    start = int(page.dataoffsets[0])
    end = start + count * math.prod(page.shape) * form_of(page).dtype.itemsize
    after = root.directories.offsets[1] if len(root.directories) > 1 else root.end
    if page.is_final and end <= root.end and (after >= end or after < start):
        return Contiguous(start)
    return None


def _too_few(root: TiffFile, options: ReadOptions, stated: str) -> None:
    """Refuse a file with another number of pages than it states, unless the user says what they are."""
    root.directories.require_whole(root.path)
    if options.axes is None:
        pages = len(_main_pages(root))
        raise CafiError(
            f"{root.path}: its header states {stated}, but it holds {pages} pages; {DAMAGED}, or say with"
            " --axes TYX that its pages are frames."
        )


def _pixel_size(root: TiffFile, page: TiffPage, metadata: dict[str, Any]) -> PixelSize:
    with guarded(root.path, "its resolution cannot be understood"):
        resolution, unit = page.resolution, page.resolutionunit
    unit = unit if isinstance(unit, int) else 1
    x, y = (float(value) if code in page.tags else 0.0 for code, value in zip((282, 283), resolution, strict=True))
    return imagej.pixel_size(metadata, (x, y), unit)


def _stem(path: Path) -> str:
    return path.name.removesuffix(path.suffix).removesuffix(".ome") or path.name
