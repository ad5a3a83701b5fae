"""TIFF files of every kind: OME-TIFF, ImageJ, tifffile's own, those of other programs, and plain ones."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import tifffile

from cafi.movie.model import Channel, Header, Movie
from cafi.movie.reading import imagej
from cafi.movie.reading.dimensions import Dimensions, settle
from cafi.movie.reading.guard import guarded
from cafi.movie.reading.ome import parse_ome
from cafi.movie.reading.records import with_records
from cafi.movie.reading.scenes import chosen_scene
from cafi.movie.reading.tiff_file import TiffFile
from cafi.movie.reading.tiff_ome import first_file, is_ome, ome_stacks, read_metadata_file, stacks_of
from cafi.movie.reading.tiff_pages import imagej_stacks, plain_stacks, shaped_stacks
from cafi.movie.reading.tiff_series import series_kind, series_stacks
from cafi.movie.reading.tiff_source import TiffPlanes
from cafi.movie.reading.times import frame_times

if TYPE_CHECKING:
    from pathlib import Path

    from tifffile import TiffPage

    from cafi.movie.options import ReadOptions
    from cafi.movie.reading.tiff_stack import Stack, Stacks

_CODECS = {1: None, 5: "lzw", 7: "jpeg", 8: "deflate", 32946: "deflate", 32773: "packbits", 50000: "zstd"}


def open_scene(path: Path, options: ReadOptions) -> Movie:
    """Open a scene of a TIFF file, or of an OME companion file.

    Raises
    ------
    CafiError
        If it is damaged, or of a kind that cannot be a movie, or if the options do not fit.
    """
    with guarded(path, "it cannot be opened"), path.open("rb") as file:
        head = file.read(2)
    with ExitStack() as opened:
        if head in (b"II", b"MM"):
            root = opened.enter_context(TiffFile(path))
            found = _stacks(root, options)
        else:
            document = parse_ome(read_metadata_file(path), path)
            root = opened.enter_context(TiffFile(first_file(document, path)))
            found = stacks_of(root, document, path)
        scene = chosen_scene(path, found.names, options)
        movie = _movie(path, found.stack(scene), scene, found, options)
        opened.pop_all()
    return movie


def _movie(path: Path, stack: Stack, scene: int, found: Stacks, options: ReadOptions) -> Movie:
    outer, inner = stack.outer, stack.inner
    stored = Dimensions(outer.labels + inner.labels, outer.shape + inner.shape)
    dimensions, taken = settle(path, stored, options.axes)
    size = dimensions.size
    times, times_from, timed = frame_times(size.t, stack.stamps, stack.interval)
    header = Header(
        name=stack.name,
        size=size,
        dtype=stack.form.dtype.newbyteorder("="),
        samples=dimensions.samples,
        pixel_size=stack.pixel_size,
        times=times,
        times_from=times_from,
        channels=stack.channels if len(stack.channels) == size.c else (Channel(),) * size.c,
        significant_bits=stack.significant_bits,
        metadata=stack.metadata,
    )
    header, recorded = with_records(header, *stack.records)
    return Movie(
        header=header,
        source=TiffPlanes(stack.root, dimensions, len(inner.shape), stack.form, stack.pages),
        path=path,
        scene=scene,
        scenes=found.names,
        format=found.format,
        compression=_compression(stack.root.first),
        assumptions=(() if options.axes else stack.assumptions) + taken + timed + recorded,
    )


def _compression(page: TiffPage) -> str | None:
    code = int(page.compression)
    if code in _CODECS:
        return _CODECS[code]
    known = {int(codec): codec.name.lower() for codec in tifffile.COMPRESSION}
    return known.get(code, f"codec {code}")


def _stacks(root: TiffFile, options: ReadOptions) -> Stacks:
    description = root.first.description
    note: tuple[str, ...] = ()
    if is_ome(description):
        found = ome_stacks(root, description)
        if found is not None:
            return found
        note = ("The OME metadata of this file are in another file that is not there, so it was read page by page.",)
    kind = series_kind(root)
    found = series_stacks(root, kind) if kind else None
    if found is not None:
        return found
    if root.first.is_imagej:
        found = imagej_stacks(root, options)
    elif (shaped := imagej.shaped_metadata(description)) is not None:
        found = shaped_stacks(root, shaped, options)
    return found or plain_stacks(root, note)
