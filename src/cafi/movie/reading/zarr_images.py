"""OME-Zarr images, 0.5 (Zarr 3) and 0.4 and older (Zarr 2), in folders and zip files."""

from __future__ import annotations

import math
import warnings
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import zarr
from zarr.storage import LocalStore, ZipStore

from cafi.errors import CafiError
from cafi.movie.model import Channel, Header, Movie, SourceMetadata
from cafi.movie.reading.dimensions import Dimensions, settle
from cafi.movie.reading.guard import DAMAGED, OTHER_RATIO, SPARSE_BYTES, check_declared, guarded, readable_bytes
from cafi.movie.reading.ome import parse_ome
from cafi.movie.reading.ome_zarr import (
    Steps,
    axes_of,
    channels_of,
    compression_of,
    entries,
    path_of,
    pixel_size,
    scale_of,
    text,
    version_of,
)
from cafi.movie.reading.records import record, with_records
from cafi.movie.reading.scenes import chosen_scene
from cafi.movie.reading.times import frame_times
from cafi.movie.reading.zarr_source import ZarrPlanes
from cafi.movie.units import to_seconds

if TYPE_CHECKING:
    from pathlib import Path

    from cafi.movie.options import ReadOptions
    from cafi.movie.reading.ome import OmeImage

# Stated numbers beyond these are compared with what is stored.
_MANY_PLANES = 10**6
_MANY_CHUNKS = 4096
# An entry in a shard's index, or the frame around the smallest compressed chunk.
_LEAST_CHUNK_BYTES = 16


@dataclass(frozen=True)
class _Image:
    """Where an image is: its name, its group, which of the group's multiscales, which of the series."""

    name: str
    group: str
    multiscale: int = 0
    series: int | None = None


class _Root:
    """An OME-Zarr hierarchy, whose library calls are guarded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with guarded(path, "it cannot be opened as Zarr"):
            if path.is_file():
                # A store that fails to open cannot be closed, so what is no zip file is found before.
                zipfile.ZipFile(path).close()
            self.store = LocalStore(path, read_only=True) if path.is_dir() else ZipStore(path, mode="r")

    def _node(self, at: str) -> zarr.Group | zarr.Array[Any]:
        # Zarr warns about what it finds unusual; what matters here is checked here.
        with guarded(self.path, f"its part '{at or '/'}' cannot be read as Zarr"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return zarr.open(self.store, path=at, mode="r")

    def group(self, at: str) -> zarr.Group:
        node = self._node(at)
        if not isinstance(node, zarr.Group):
            raise CafiError(
                f"{self.path}: it is a Zarr array without OME metadata; give the OME-Zarr folder that holds it."
            )
        return node

    def stored_attributes(self, at: str) -> dict[str, Any]:
        group = self.group(at)
        with guarded(self.path, f"the attributes of '{at or '/'}' cannot be read"):
            return dict(group.attrs.asdict())

    def attributes(self, at: str) -> dict[str, Any]:
        """Return the attributes of a group; those of OME-Zarr 0.5 without their 'ome' wrapper."""
        stored = self.stored_attributes(at)
        return {**stored, **stored["ome"]} if isinstance(stored.get("ome"), dict) else stored

    def array(self, at: str) -> zarr.Array[Any]:
        node = self._node(at)
        if not isinstance(node, zarr.Array):
            raise CafiError(f"{self.path}: its part '{at}' is no array; {DAMAGED}.")
        return node

    def stored_bytes(self) -> int:
        with guarded(self.path, "it cannot be read"):
            files = self.path.rglob("*") if self.path.is_dir() else [self.path]
            return sum(file.stat().st_size for file in files if file.is_file())


def open_scene(path: Path, options: ReadOptions) -> Movie:
    """Open an image of an OME-Zarr hierarchy at its highest resolution.

    Images of a plate, of a well and of a bioformats2raw file are scenes.

    Raises
    ------
    CafiError
        If it is damaged or no OME-Zarr image, or if the options do not fit.
    """
    root = _Root(path)
    with ExitStack() as opened:
        opened.callback(root.store.close)
        images = _images(root, "", root.attributes(""))
        if not images:
            raise CafiError(
                f"{path}: it is Zarr, but no OME-Zarr image, as it has no multiscales; export it as OME-Zarr."
            )
        scene = chosen_scene(path, [image.name for image in images], options)
        movie = _movie(root, images, scene, options)
        opened.pop_all()
    return movie


def _images(root: _Root, at: str, attributes: dict[str, Any]) -> list[_Image]:
    if "multiscales" in attributes:
        found = entries(root.path, attributes, "multiscales")
        default = root.path.name.removesuffix(".zip").removesuffix(".zarr").removesuffix(".ome")
        return [_Image(text(entry.get("name")) or default, at, k) for k, entry in enumerate(found)]
    if isinstance(attributes.get("plate"), dict):
        wells = [path_of(root.path, entry) for entry in entries(root.path, attributes["plate"], "wells")]
        return [image for well in wells for image in _fields_of_well(root, well)]
    if isinstance(attributes.get("well"), dict):
        return _fields_of_well(root, at)
    if "bioformats2raw.layout" in attributes:
        return [_Image(name, name, series=k) for k, name in enumerate(_series(root))]
    return []


def _fields_of_well(root: _Root, well: str) -> list[_Image]:
    attributes = root.attributes(well).get("well")
    if not isinstance(attributes, dict):
        raise CafiError(f"{root.path}: its part '{well}' is no well of a plate; {DAMAGED}.")
    fields = [_joined(well, path_of(root.path, entry)) for entry in entries(root.path, attributes, "images")]
    return [_Image(field, field) for field in fields]


def _joined(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _series(root: _Root) -> list[str]:
    group = root.group("")
    with guarded(root.path, "its list of images cannot be read"):
        has_list = "OME" in group
        names = list(group.group_keys())
    listed = root.attributes("OME").get("series") if has_list else None
    if isinstance(listed, list) and all(isinstance(name, str) for name in listed):
        return listed
    return sorted((name for name in names if name.isdecimal()), key=int)


def _movie(root: _Root, images: list[_Image], scene: int, options: ReadOptions) -> Movie:
    image, path = images[scene], root.path
    attributes = root.attributes(image.group)
    described = entries(path, attributes, "multiscales")
    datasets = entries(path, described[image.multiscale], "datasets") if image.multiscale < len(described) else []
    if not datasets:
        raise CafiError(f"{path}: its image '{image.name}' lists no arrays; {DAMAGED}.")
    multiscale = described[image.multiscale]
    array = root.array(_joined(image.group, path_of(path, datasets[0])))
    with guarded(path, "its array cannot be understood"):
        shape, chunks, dtype = array.shape, array.chunks, array.dtype
        version, compression = array.metadata.zarr_format, compression_of(array.compressors)
    _check(root, shape, chunks, dtype)
    axes = axes_of(path, multiscale, len(shape))
    found = Dimensions("".join(label for label, _ in axes), tuple(shape))
    dimensions, taken = settle(path, found, options.axes, "entries of one axis")
    dimensions = replace(dimensions, colors=_colors(attributes, dimensions))
    labels = dimensions.labels if options.axes else found.labels
    scale = scale_of(path, multiscale, datasets[0], len(shape))
    steps = {label: (step, unit) for label, step, (_, unit) in zip(labels, scale, axes, strict=True)}
    header, assumptions = _header(root, image, dimensions, steps, dtype)
    return Movie(
        header=header,
        source=ZarrPlanes(path, root.store, array, dimensions, tuple(chunks)),
        path=path,
        scene=scene,
        scenes=tuple(one.name for one in images),
        format=f"OME-Zarr {version_of(attributes, multiscale, version)}",
        compression=compression,
        assumptions=taken + assumptions,
    )


def _header(
    root: _Root, image: _Image, dimensions: Dimensions, steps: Steps, dtype: Any
) -> tuple[Header, tuple[str, ...]]:
    from cafi.movie.carried import fields_from_attributes
    from cafi.movie.provenance import from_attributes

    size, attributes = dimensions.size, root.attributes(image.group)
    xml, ome = _metadata(root, image)
    step, unit = steps.get("T", (1.0, None))
    interval = to_seconds(step, unit) if unit else None
    times, times_from, timed = frame_times(
        size.t, ome.frame_stamps() if ome else None, interval or (ome.interval if ome else None)
    )
    named = ome.channels if ome else ()
    header = Header(
        name=image.name,
        size=size,
        dtype=dtype.newbyteorder("="),
        samples=dimensions.samples,
        pixel_size=pixel_size(steps, ome),
        times=times,
        times_from=times_from,
        channels=channels_of(attributes, size.c) or (named if len(named) == size.c else (Channel(),) * size.c),
        significant_bits=ome.significant_bits if ome else None,
        metadata=SourceMetadata(
            ome_xml=xml, image_index=image.series or 0, vendor={"zarr": root.stored_attributes(image.group)}
        ),
    )
    header, recorded = with_records(
        header, record(root.path, from_attributes, attributes), record(root.path, fields_from_attributes, attributes)
    )
    return header, timed + recorded


def _colors(attributes: dict[str, Any], dimensions: Dimensions) -> int:
    """Return how many channels are one RGB pixel: OME-Zarr has no such thing, so cafi states it by itself."""
    ours = attributes.get("cafi")
    samples = ours.get("samples") if isinstance(ours, dict) else None
    return samples if type(samples) is int and samples in (3, 4) and dimensions.length("C") % samples == 0 else 1


def _metadata(root: _Root, image: _Image) -> tuple[str | None, OmeImage | None]:
    """Return the OME-XML that bioformats2raw and cafi leave beside the images, and what it says of this one."""
    file = root.path / "OME" / "METADATA.ome.xml"
    if (image.series is None and image.group) or not root.path.is_dir() or not file.exists():
        return None, None
    with guarded(file, "it cannot be read"):
        xml = file.read_text("utf-8")
    images = parse_ome(xml, file).images
    series = image.series or 0
    return xml, images[series] if series < len(images) else None


def _check(root: _Root, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: Any) -> None:
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise CafiError(
            f"{root.path}: its pixels are of type {dtype}, which cannot be interpolated; convert them to integers or"
            " floating-point numbers of 8 to 64 bits."
        )
    if len(shape) < 2 or min(shape) < 1 or min(chunks) < 1:
        raise CafiError(f"{root.path}: its array has the shape {shape}, which is no image; choose another file.")
    plane = max(math.prod(shape[-2:]), math.prod(chunks)) * dtype.itemsize
    pieces = math.prod(-(-length // part) for length, part in zip(shape[-2:], chunks[-2:], strict=True))
    if plane > SPARSE_BYTES or pieces > _MANY_CHUNKS or math.prod(shape[:-2]) > _MANY_PLANES:
        stored = root.stored_bytes()
        check_declared(root.path, "a plane or chunk", plane, stored, OTHER_RATIO, SPARSE_BYTES)
        check_declared(root.path, "its array", math.prod(shape) * dtype.itemsize, stored, OTHER_RATIO)
        if pieces * _LEAST_CHUNK_BYTES > stored:
            raise CafiError(
                f"{root.path}: a plane is declared to be of {pieces} chunks, which the {readable_bytes(stored)} stored"
                f" cannot hold; {DAMAGED}."
            )
