"""TIFF files of microscopes and their programs whose layout tifffile knows: LSM, STK, Micro-Manager and others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from cafi.errors import CafiError
from cafi.movie.model import PixelSize, SourceMetadata
from cafi.movie.plain import to_plain
from cafi.movie.reading import imagej
from cafi.movie.reading.dimensions import Dimensions
from cafi.movie.reading.guard import guarded
from cafi.movie.reading.tiff_source import Contiguous
from cafi.movie.reading.tiff_stack import Stack, Stacks, form_of, inner_dimensions

if TYPE_CHECKING:
    from cafi.movie.reading.tiff_file import TiffFile

_FORMATS = {
    "lsm": "Zeiss LSM",
    "stk": "MetaMorph STK",
    "micromanager": "Micro-Manager TIFF",
    "fluoview": "FluoView TIFF",
    "scanimage": "ScanImage TIFF",
}
_KINDS = {"micromanager": ("mmstack", "ndtiff")}


def series_kind(root: TiffFile) -> str | None:
    """Return which of these formats a file is, or None."""
    with guarded(root.path, "its first page cannot be understood"):
        return next((kind for kind in _FORMATS if getattr(root.first, f"is_{kind}")), None)


@dataclass(frozen=True)
class _Series:
    name: str
    axes: str
    shape: tuple[int, ...]
    places: tuple[tuple[Path, int] | None, ...]
    offset: int | None


def series_stacks(root: TiffFile, kind: str) -> Stacks | None:
    """Return the series that tifffile finds, or None where it finds no more than pages."""
    with guarded(root.path, "its series cannot be understood"), tifffile.TiffFile(root.path) as tiff:
        all_series = tiff.series
        series = [
            _Series(
                one.name or f"series {one.index}",
                one.get_axes(squeeze=False),
                one.get_shape(squeeze=False),
                tuple(None if page is None else (Path(page.parent.filehandle.path), page.index) for page in one.pages),
                one.dataoffset if len(one.pages) == 1 else None,
            )
            for one in all_series
        ]
        kinds = {one.kind for one in all_series}
        metadata = getattr(tiff, f"{kind}_metadata", None)
    if not kinds & set(_KINDS.get(kind, (kind,))):
        return None
    if kind == "lsm" and root.end >= 2**32:
        raise CafiError(f"{root.path}: LSM files of more than 4 GB are not read; export it as OME-TIFF.")
    names = tuple(one.name for one in series)
    found = metadata if isinstance(metadata, dict) else {}
    return Stacks(_FORMATS[kind], names, lambda scene: _stack(root, series[scene], kind, found))


def _stack(root: TiffFile, series: _Series, kind: str, metadata: dict[str, Any]) -> Stack:
    first = next((place for place in series.places if place is not None), None)
    if first is None or first[0].name != root.path.name:
        raise CafiError(f"{root.path}: the pages of '{series.name}' are not in it; open the file that holds them.")
    page = root.page(first[1])
    inner = inner_dimensions(page)
    inner = Dimensions(inner.labels.replace("S", "s"), inner.shape)
    axes, shape = series.axes, series.shape
    if axes.endswith("S") and shape[-1] == 1:
        axes, shape = axes[:-1], shape[:-1]
    split = len(shape) - len(inner.shape)
    if split < 0 or shape[split:] != inner.shape:
        raise CafiError(f"{root.path}: the layout of '{series.name}' is not understood; export it as OME-TIFF.")
    places = [
        None if place is None else (root.path if place[0] == first[0] else place[0], place[1])
        for place in series.places
    ]
    return Stack(
        name=series.name,
        outer=Dimensions(axes[:split], shape[:split]),
        inner=inner,
        form=form_of(page),
        pages=places.__getitem__ if series.offset is None else Contiguous(series.offset),
        root=root,
        metadata=SourceMetadata(vendor={kind: to_plain(metadata)}),
        pixel_size=_voxel(metadata),
        stamps=_stamps(metadata),
        interval=imagej.number(metadata.get("TimeIntervall")),
    )


def _voxel(metadata: dict[str, Any]) -> PixelSize:
    """Return the pixel size that an LSM file states in metres."""
    z, y, x = (imagej.number(metadata.get(f"VoxelSize{axis}")) for axis in "ZYX")
    return imagej.scaled_pixel_size(z or None, y or None, x or None, "m")


def _stamps(metadata: dict[str, Any]) -> list[float] | None:
    stamps = metadata.get("TimeStamps")
    return stamps.tolist() if isinstance(stamps, np.ndarray) and stamps.size else None
