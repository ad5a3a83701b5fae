"""OME-TIFF, in one or several files."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cafi.errors import CafiError
from cafi.movie.model import SourceMetadata
from cafi.movie.reading.dimensions import Dimensions
from cafi.movie.reading.guard import DAMAGED, guarded
from cafi.movie.reading.ome import parse_ome
from cafi.movie.reading.signatures import read_head
from cafi.movie.reading.tiff_directories import read_directories
from cafi.movie.reading.tiff_file import TiffFile
from cafi.movie.reading.tiff_stack import Stack, Stacks, form_of, inner_dimensions, significant_bits, text_tags

if TYPE_CHECKING:
    from tifffile import TiffPage

    from cafi.movie.reading.ome import OmeDocument, OmeImage, PlaneRun
    from cafi.movie.reading.tiff_source import PageMap

# An acquisition may be stopped early; beyond this a stated size is a mistake.
_LARGEST_SHARE_MISSING = 1000


def is_ome(description: str) -> bool:
    """Whether a page's description is OME-XML."""
    return description.rstrip("\0 \r\n\t").endswith("OME>")


def ome_stacks(root: TiffFile, description: str) -> Stacks | None:
    """Understand an OME-TIFF file; None if its metadata are in another file that is not there.

    Raises
    ------
    CafiError
        If the metadata contradict themselves or the file.
    """
    samples = math.prod(root.first.shape) // (root.first.imagelength * root.first.imagewidth)
    document = parse_ome(description, root.path, samples)
    if document.metadata_file is not None:
        other = _beside(root.path, document.metadata_file)
        if not other.exists():
            return None
        document = replace(parse_ome(read_metadata_file(other), other, samples), uuid=document.uuid)
    return stacks_of(root, document, root.path)


def read_metadata_file(path: Path) -> str:
    """Return the OME-XML of a companion file, or of the TIFF file that keeps it for others."""
    with guarded(path, "its metadata cannot be read"):
        head = read_head(path)
    if head.startswith((b"II", b"MM")):
        text = read_directories(path).description
    else:
        with guarded(path, "its metadata cannot be read"):
            text = path.read_bytes()
    with guarded(path, "its metadata are no text"):
        return text.rstrip(b"\0").decode("utf-8-sig")


def stacks_of(root: TiffFile, document: OmeDocument, path: Path) -> Stacks:
    """Return the images of a document as stacks; `root` is one of their files, `path` the one asked for."""
    if not document.images:
        raise CafiError(f"{path}: its OME-XML describes no image; {DAMAGED}.")
    names = tuple(image.name for image in document.images)
    return Stacks("OME-TIFF", names, lambda scene: _stack(root, document, scene, path))


def first_file(document: OmeDocument, path: Path) -> Path:
    """Return the first image file of a companion file that exists."""
    named = [run.file for image in document.images for run in image.runs if run.file]
    for name in dict.fromkeys(named):
        if _beside(path, name).exists():
            return _beside(path, name)
    raise CafiError(f"{path}: none of the image files that it names is in its folder; put them there.")


def _beside(path: Path, name: str) -> Path:
    relative = PurePosixPath(name.replace("\\", "/"))
    if relative.is_absolute() or ".." in relative.parts:
        relative = PurePosixPath(relative.name)
    return path.parent / relative


def _stack(root: TiffFile, document: OmeDocument, scene: int, path: Path) -> Stack:
    from cafi.movie.carried import fields_from_ome_xml
    from cafi.movie.provenance import from_ome_xml

    image = document.images[scene]
    files = _files(root, document, image, path)
    page, inner = _sample_page(root, image, files, path)
    samples = inner.length("S") * inner.length("s")
    if (inner.length("Y"), inner.length("X")) != (image.sizes["Y"], image.sizes["X"]) or image.sizes["C"] % samples:
        raise CafiError(
            f"{path}: its OME-XML states planes of {image.sizes['Y']}x{image.sizes['X']} with {image.sizes['C']}"
            f" channels, but its pages are {inner.told()}; {DAMAGED}."
        )
    sizes = image.sizes | {"C": image.sizes["C"] // samples}
    outer = Dimensions(image.order[:3], tuple(sizes[axis] for axis in image.order[:3]))
    return Stack(
        name=image.name,
        outer=outer,
        inner=inner,
        form=form_of(page),
        pages=_page_map(image, files),
        root=root,
        metadata=SourceMetadata(
            ome_xml=document.xml, image_index=scene, vendor=text_tags(root.first, "ImageDescription")
        ),
        pixel_size=image.pixel_size,
        stamps=image.frame_stamps(),
        interval=image.interval,
        channels=image.channels,
        significant_bits=image.significant_bits or significant_bits(page),
        assumptions=_missing(root, image, files, math.prod(outer.shape), path),
        records=(from_ome_xml(document.xml), fields_from_ome_xml(document.xml)),
    )


def _files(root: TiffFile, document: OmeDocument, image: OmeImage, path: Path) -> dict[PlaneRun, Path | None]:
    named = {run.file for other in document.images for run in other.runs if run.file}
    files: dict[PlaneRun, Path | None] = {}
    exists: dict[str, bool] = {}
    for run in image.runs:
        ours = run.file is None or run.file == root.path.name or (run.uuid is not None and run.uuid == document.uuid)
        # A file that was renamed and has no UUID still is the only one that its metadata speak of.
        if not ours and run.file not in exists:
            exists[str(run.file)] = _beside(path, str(run.file)).exists()
        if ours or (len(named) == 1 and not exists[str(run.file)]):
            files[run] = root.path
        else:
            files[run] = _beside(path, str(run.file)) if exists[str(run.file)] else None
    return files


def _sample_page(
    root: TiffFile, image: OmeImage, files: dict[PlaneRun, Path | None], path: Path
) -> tuple[TiffPage, Dimensions]:
    for run, file in files.items():
        if file == root.path and run.page < len(root.directories):
            page = root.first if run.page == 0 else root.page(run.page)
            return page, inner_dimensions(page)
    for run, file in files.items():
        if file is not None and file != root.path:
            with TiffFile(file) as other:
                if run.page < len(other.directories):
                    page = other.page(run.page)
                    return page, inner_dimensions(page)
    root.directories.require_whole(root.path)
    raise CafiError(f"{path}: none of the planes of its image '{image.name}' is in the file; {DAMAGED}.")


def _page_map(image: OmeImage, files: dict[PlaneRun, Path | None]) -> PageMap:
    def where(plane: int) -> tuple[Path, int] | None:
        run = image.run_of(plane)
        file = None if run is None else files[run]
        return None if run is None or file is None else (file, run.page + plane - run.first)

    return where


def _missing(
    root: TiffFile, image: OmeImage, files: dict[PlaneRun, Path | None], planes: int, path: Path
) -> tuple[str, ...]:
    held = 0
    for number, run in enumerate(image.runs):
        end = planes if number + 1 == len(image.runs) else min(planes, image.runs[number + 1].first)
        room = max(0, end - run.first)
        count = room if run.count is None else min(room, run.count)
        if files[run] == root.path:
            held += max(0, min(count, len(root.directories) - run.page))
        elif files[run] is not None:
            held += count
    if held < planes:
        root.directories.require_whole(root.path)
    if planes > _LARGEST_SHARE_MISSING * held:
        raise CafiError(f"{path}: its OME-XML states {planes} planes, but only {held} are there; {DAMAGED}.")
    if held == planes:
        return ()
    absent = sorted({str(run.file) for run, file in files.items() if file is None})
    named = f" ({', '.join(absent[:3])}{' and others' if len(absent) > 3 else ''} not found)" if absent else ""
    return (f"{planes - held} of {planes} planes are missing{named} and are read as zeros.",)
