"""The OME-XML of a movie: the source's own tree where there is one, with sizes, planes and marks of ours."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Literal

from cafi import __version__
from cafi.movie import carried, ome_tree, provenance
from cafi.movie.carried import original_metadata, source_document
from cafi.movie.frames import KIND_NAMES
from cafi.movie.plain import dumps
from cafi.movie.reindex import regular_step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cafi.movie.model import Channel, Header
    from cafi.movie.ome_tree import OmeTree, Plane

_KIND_NAMESPACE = "cafi/frame-kind"
_COLOR = re.compile("#[0-9a-fA-F]{6}")
# Characters that XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def build_ome_xml(header: Header, stored_in: Literal["tiff", "elsewhere"] = "tiff") -> str:
    """Return the OME-XML of a movie, valid in the schema of 2016-06.

    Parameters
    ----------
    header : Header
        ``metadata.ome_xml`` must already be indexed like the movie (see
        `cafi.movie.reindex.output_header`); its instruments, experimenters, ROIs, annotations and
        channel properties are kept. Where it cannot be kept as a tree it is kept as text.
    stored_in : 'tiff' or 'elsewhere'
        Whether the pixels are the pages of the TIFF file that holds this text, in the order channel,
        Z, T; pixel types that OME does not know are then impossible, and otherwise named by the
        nearest type that can hold them.

    Raises
    ------
    CafiError
        If the source was written by cafi and its record is damaged.
    """
    metadata = original_metadata(header.metadata)
    tree = ome_tree.load(metadata.ome_xml, metadata.image_index)
    natively = () if tree is None else ("ome_xml", "image_index")
    tree = _fresh_tree() if tree is None else tree
    root, image = tree.root, tree.image
    ome_tree.set_schema_location(root)
    root.set("Creator", f"cafi {__version__}")
    root.attrib.pop("UUID", None)
    if header.frames is not None:
        # Derived from what was done to what, so that the same run makes the same file.
        root.set("UUID", f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, provenance.to_json(header))}")
    image.set("Name", _text(header.name))
    _set_pixels(tree, header)
    _set_channels(tree, header)
    pages = header.size.t * header.size.z * header.size.c
    for old in ome_tree.named(tree.pixels, "MetadataOnly"):
        tree.pixels.remove(old)
    storage = ("TiffData", {"IFD": "0", "PlaneCount": str(pages)}) if stored_in == "tiff" else ("MetadataOnly", {})
    tree.pixels.append(ome_tree.element(*storage))
    _annotate(tree, header, source_document(metadata, natively))
    return ome_tree.compose(tree, _planes(tree, header))


def _fresh_tree() -> OmeTree:
    root = ome_tree.empty_root()
    image = ome_tree.element("Image", {"ID": "Image:0"})
    pixels = ome_tree.element("Pixels", {"ID": "Pixels:0"})
    root.append(image)
    image.append(pixels)
    return ome_tree.OmeTree(root, image, pixels)


def _set_pixels(tree: OmeTree, header: Header) -> None:
    size, pixel_size, kept_id = header.size, header.pixel_size, tree.pixels.get("ID")
    attributes = {
        "ID": kept_id,
        "DimensionOrder": "XYCZT",
        "Type": ome_tree.PIXEL_TYPES.get(header.dtype.name, header.dtype.name),
        "SizeX": size.x,
        "SizeY": size.y,
        "SizeC": size.c * header.samples,
        "SizeZ": size.z,
        "SizeT": size.t,
        "BigEndian": "false",
        "Interleaved": "true" if header.samples > 1 else "false",
    }
    if header.significant_bits:
        attributes["SignificantBits"] = header.significant_bits
    for axis, length in (("X", pixel_size.x), ("Y", pixel_size.y), ("Z", pixel_size.z)):
        if length is not None and length > 0:
            attributes[f"PhysicalSize{axis}"] = repr(float(length))
            attributes[f"PhysicalSize{axis}Unit"] = ome_unit(pixel_size.unit)
    step = None if header.times is None else regular_step(header.times)
    if step is not None:
        attributes |= {"TimeIncrement": repr(step), "TimeIncrementUnit": "s"}
    tree.pixels.attrib.clear()
    tree.pixels.attrib.update({name: str(value) for name, value in attributes.items()})


def ome_unit(unit: str) -> str:
    """Return the OME symbol of a length unit; 'reference frame' for one that OME does not know."""
    unit = {"um": "µm", "micron": "µm", "microns": "µm", "μm": "µm", "inch": "in"}.get(unit, unit)
    return unit if unit in ome_tree.LENGTH_UNITS else "reference frame"


def _set_channels(tree: OmeTree, header: Header) -> None:
    """Keep the source's channels where their number fits, with the header's names and colours."""
    old = ome_tree.named(tree.pixels, "Channel")
    if len(old) != header.size.c:
        for channel in old:
            tree.pixels.remove(channel)
        old = [ome_tree.element("Channel", {"ID": f"Channel:0:{index}"}) for index in range(header.size.c)]
        for index, channel in enumerate(old):
            tree.pixels.insert(index, channel)
    for index, channel in enumerate(old):
        channel.set("SamplesPerPixel", str(header.samples))
        if index < len(header.channels):
            _describe(channel, header.channels[index])


def _describe(element: Any, channel: Channel) -> None:
    if channel.name is not None:
        element.set("Name", _text(channel.name))
    if channel.color is not None and _COLOR.fullmatch(channel.color):
        # OME packs RGBA into a signed 32-bit integer.
        packed = int(channel.color[1:] + "ff", 16)
        element.set("Color", str(packed - 2**32 if packed >= 2**31 else packed))


def _annotate(tree: OmeTree, header: Header, source: str) -> None:
    groups = ome_tree.named(tree.root, "StructuredAnnotations")
    group = groups[0] if groups else ome_tree.element("StructuredAnnotations")
    if not groups:
        tree.root.insert(tree.root.index(tree.image) + 1, group)
    notes = [
        (carried.NAMESPACE, "source-metadata", source),
        (carried.HEADER_NAMESPACE, "header", dumps(carried.ome_header_document(header))),
    ]
    if header.frames is not None:
        notes.append((provenance.NAMESPACE, "provenance", provenance.to_json(header)))
        for kind in sorted(set(header.frames.kind.tolist())):
            tag = _annotation("TagAnnotation", KIND_NAMES[kind], _KIND_NAMESPACE, KIND_NAMES[kind])
            group.append(tag)
    for namespace, name, text in notes:
        group.append(_annotation("CommentAnnotation", name, namespace, text))
        tree.image.append(ome_tree.element("AnnotationRef", {"ID": f"Annotation:cafi-{name}"}))


def _annotation(type_: str, name: str, namespace: str, text: str) -> Any:
    annotation = ome_tree.element(type_, {"ID": f"Annotation:cafi-{name}", "Namespace": namespace})
    annotation.append(ome_tree.element("Value", text=text))
    return annotation


def _planes(tree: OmeTree, header: Header) -> Iterator[Plane]:
    """Yield every plane of the movie, with what the source says of it, a time, and its mark."""
    size, frames = header.size, header.frames
    known = {(plane.t, plane.z, plane.c): plane for plane in tree.planes}
    times = None if header.times is None else [repr(time) for time in header.times.tolist()]
    marks = None if frames is None else [f"Annotation:cafi-{KIND_NAMES[kind]}" for kind in frames.kind.tolist()]
    along_z = frames is not None and frames.axis == "z"
    for t in range(size.t):
        for z in range(size.z):
            for c in range(size.c):
                plane = known.get((t, z, c)) or ome_tree.Plane(t, c, z, {})
                if times is not None and "DeltaT" not in plane.measures:
                    plane = plane._replace(measures={"DeltaT": times[t], "DeltaTUnit": "s"} | plane.measures)
                if marks is not None:
                    plane = plane._replace(annotations=(*plane.annotations, marks[z if along_z else t]))
                yield plane


def _text(value: str) -> str:
    return _FORBIDDEN.sub("\ufffd", value)
