"""Headers whose frames moved: of an output movie, and of the acquired frames taken back out of one.

Whatever is indexed by frame moves to the frame's new place: plane times, exposures and stage
positions, shapes of ROIs, ImageJ's labels and overlays. An interpolated plane gets a time, between
those of the two planes around it, and no exposure or stage position, which nobody measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.movie import imagej_index, ome_tree
from cafi.movie.carried import original_metadata
from cafi.movie.frames import ACQUIRED, FrameTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cafi.movie.frames import Axis
    from cafi.movie.model import Header, Movie, PixelSize, Size, SourceMetadata


@dataclass(frozen=True)
class IndexMap:
    """Where the frames of a movie come to lie along one axis of another.

    Attributes
    ----------
    axis : 't' or 'z'
    places : dict
        Old index -> new index; frames that are missing here are left out.
    between : dict
        New index of an interpolated frame -> old index at the beginning of its gap, and the
        fraction of the gap.
    """

    axis: Axis
    places: dict[int, int]
    between: dict[int, tuple[int, float]]


def output_header(header: Header, frames: FrameTable, provenance: dict[str, Any], zoom: int = 1) -> Header:
    """Return the header of the movie that a frame table makes of a source.

    Parameters
    ----------
    header : Header
        Of the source.
    frames : FrameTable
        The output's frames along ``frames.axis``.
    provenance : dict
        How it is made: software, method, configuration, source, ... as JSON values.
    zoom : int
        Output pixels for each of the source's; where it is not 1, what was drawn on the source's pixels is left out.

    Raises
    ------
    CafiError
        If the source was written by cafi and its record is damaged.
    """
    rows = list(enumerate(zip(frames.left.tolist(), frames.fraction.tolist(), strict=True)))
    index_map = IndexMap(
        frames.axis,
        {left: new for new, (left, fraction) in rows if fraction == 0},
        {new: (left, fraction) for new, (left, fraction) in rows if fraction > 0},
    )
    old = header.size
    header = _zoomed(header, zoom)
    changes: dict[str, Any] = {"size": header.size._replace(**{frames.axis: len(frames)})}
    if frames.axis == "t":
        timed = frames.unit == "s"
        changes["times"] = frames.positions if timed else None
        changes["times_from"] = (header.times_from or "planes") if timed else None
    else:
        changes["pixel_size"] = _with_spacing(header.pixel_size, frames.positions, frames.unit)
    changes["metadata"] = _moved(header.metadata, old, changes["size"], index_map)
    return replace(header, frames=frames, provenance=provenance, **changes)


def restore_header(header: Header) -> tuple[Header, NDArray[np.int64]]:
    """Return the header of only the acquired frames of an output, and where they are in it.

    Acquired frames that the output does not contain are left out and close up; their number is
    ``len(header.frames.left_out)``.

    Returns
    -------
    header : Header
        Without frame table and provenance; with the source's own metadata, times and spacing.
    indices : ndarray of int64, shape (N,)
        Along ``header.frames.axis``, in order.

    Raises
    ------
    CafiError
        If the movie has no frame table, or no acquired frames.
    """
    import numpy as np

    frames = _frames_of(header)
    indices = np.flatnonzero(frames.kind == ACQUIRED).astype(np.int64)
    if not len(indices):
        raise CafiError(
            f"{header.name}: all frames are interpolated or resampled, so no acquired frame can be restored; "
            f"use the source, {source_name(header)}."
        )
    positions = frames.source_positions[frames.left[indices]]
    index_map = IndexMap(frames.axis, {old: new for new, old in enumerate(indices.tolist())}, {})
    changes: dict[str, Any] = {"size": header.size._replace(**{frames.axis: len(indices)})}
    if frames.axis == "t":
        changes["times"] = positions if frames.unit == "s" else None
        changes["times_from"] = header.times_from if frames.unit == "s" else None
    else:
        changes["pixel_size"] = _with_spacing(header.pixel_size, positions, frames.unit)
    changes["metadata"] = _moved(header.metadata, header.size, changes["size"], index_map)
    return replace(header, frames=None, provenance=None, **changes), indices


def source_name(header: Header) -> str:
    """Return the name of the movie that a movie of cafi's was made from, as its provenance has it."""
    source = (header.provenance or {}).get("source")
    return str(source["name"]) if isinstance(source, dict) and "name" in source else "the original movie"


def restored_movie(movie: Movie) -> Movie:
    """Return, lazily, only the acquired frames of a movie that cafi wrote; see `restore_header`."""
    header, indices = restore_header(movie.header)
    return replace(
        movie, header=header, source=_Selected(movie.source, _frames_of(movie.header).axis, indices.tolist())
    )


def regular_step(positions: NDArray[np.float64]) -> float | None:
    """Return the step of evenly spaced positions, or None where they are not (to 1e-6 of the step)."""
    import numpy as np

    if len(positions) < 2:
        return None
    counts = np.arange(len(positions))
    mean = float(positions[-1] - positions[0]) / (len(positions) - 1)
    # The number that a file once stated is the one with the fewest digits.
    for step in sorted((float(positions[1] - positions[0]), mean), key=lambda value: len(repr(value))):
        if np.abs(positions - positions[0] - counts * step).max() <= 1e-6 * abs(mean):
            return step
    return None


@dataclass(frozen=True)
class _Selected:
    """Some frames of another source, along one axis."""

    source: Any
    axis: Axis
    indices: list[int]

    def _place(self, t: int, c: int, z: int) -> tuple[int, int, int]:
        return (self.indices[t], c, z) if self.axis == "t" else (t, c, self.indices[z])

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        plane: NDArray[Any] = self.source.read(*self._place(t, c, z))
        return plane

    def is_missing(self, t: int, c: int, z: int) -> bool:
        return bool(self.source.is_missing(*self._place(t, c, z)))

    def close(self) -> None:
        self.source.close()


def _frames_of(header: Header) -> FrameTable:
    if header.frames is None:
        raise CafiError(
            f"{header.name}: holds no record of acquired and interpolated frames, so there is nothing to restore; "
            "give a movie that cafi wrote."
        )
    return header.frames


def _with_spacing(pixel_size: PixelSize, positions: NDArray[np.float64], unit: str) -> PixelSize:
    if unit == "frame" or len(positions) < 2:
        return pixel_size
    return replace(pixel_size, z=regular_step(positions))


def _zoomed(header: Header, zoom: int) -> Header:
    """Return the header of the same movie on a finer grid of pixels."""
    if zoom == 1:
        return header
    size, pixel = header.size, header.pixel_size
    y, x = (None if length is None else length / zoom for length in (pixel.y, pixel.x))
    metadata = original_metadata(header.metadata)
    if metadata.imagej is not None:
        drawn = ("ROI", "Overlays")
        metadata = replace(metadata, imagej={k: v for k, v in metadata.imagej.items() if k not in drawn})
    tree = ome_tree.load(metadata.ome_xml, metadata.image_index)
    if tree is not None:
        ome_tree.remove_rois(tree.root, {roi.get("ID") for roi in ome_tree.named(tree.root, "ROI")})
        metadata = replace(metadata, ome_xml=ome_tree.compose(tree, tree.planes), image_index=0)
    larger = size._replace(y=zoom * size.y, x=zoom * size.x)
    return replace(header, size=larger, pixel_size=replace(pixel, y=y, x=x), metadata=metadata)


def _moved(metadata: SourceMetadata, old: Size, new: Size, index_map: IndexMap) -> SourceMetadata:
    metadata = original_metadata(metadata)
    if metadata.imagej is not None:
        metadata = replace(metadata, imagej=imagej_index.moved(metadata.imagej, old, new, index_map))
    tree = ome_tree.load(metadata.ome_xml, metadata.image_index)
    if tree is None:
        return metadata
    stated = tuple(tree.pixels.get(f"Size{axis}") for axis in "TZ")
    planes = _moved_planes(tree.planes, index_map) if stated == (str(old.t), str(old.z)) else []
    for axis, length in (("T", new.t), ("Z", new.z)):
        tree.pixels.set(f"Size{axis}", str(length))
    _move_shapes(tree.root, index_map)
    return replace(metadata, ome_xml=ome_tree.compose(tree, planes), image_index=0)


def _moved_planes(planes: list[ome_tree.Plane], index_map: IndexMap) -> list[ome_tree.Plane]:
    axis, other = ("t", "z") if index_map.axis == "t" else ("z", "t")
    at = {(plane.c, getattr(plane, other), getattr(plane, axis)): plane for plane in planes}
    places = index_map.places
    moved = [_placed(plane, axis, places[along]) for (_, _, along), plane in at.items() if along in places]
    series = sorted({(c, across) for c, across, _ in at})
    for new, (left, fraction) in index_map.between.items():
        for c, across in series:
            before, after = at.get((c, across, left)), at.get((c, across, left + 1))
            if before is not None and after is not None:
                moved.append(_placed(_between(before, after, fraction), axis, new))
    return sorted(moved, key=lambda plane: (plane.t, plane.z, plane.c))


def _placed(plane: ome_tree.Plane, axis: str, index: int) -> ome_tree.Plane:
    return plane._replace(t=index) if axis == "t" else plane._replace(z=index)


def _between(before: ome_tree.Plane, after: ome_tree.Plane, fraction: float) -> ome_tree.Plane:
    """Return a plane at a fraction of the way, with nothing but a time."""
    times = [plane.measures.get("DeltaT") for plane in (before, after)]
    unit = before.measures.get("DeltaTUnit")
    if None in times or unit != after.measures.get("DeltaTUnit"):
        return before._replace(measures={}, annotations=(), sha1=None)
    start, end = (float(time) for time in times if time is not None)
    measures = {"DeltaT": repr(start + fraction * (end - start))} | ({"DeltaTUnit": unit} if unit else {})
    return before._replace(measures=measures, annotations=(), sha1=None)


def _move_shapes(root: Any, index_map: IndexMap) -> None:
    """Move the shapes of ROIs; those on frames that were left out go, and ROIs that become empty with them."""
    attribute = f"The{index_map.axis.upper()}"
    gone = set()
    for roi in ome_tree.named(root, "ROI"):
        for union in ome_tree.named(roi, "Union"):
            for shape in list(union):
                place = shape.get(attribute)
                if place is None:
                    continue
                if int(place) in index_map.places:
                    shape.set(attribute, str(index_map.places[int(place)]))
                else:
                    union.remove(shape)
            if not len(union):
                gone.add(roi.get("ID"))
    ome_tree.remove_rois(root, gone)
