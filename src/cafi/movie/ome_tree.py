"""OME-XML as a tree: read safely, one image picked out, its planes taken apart and put back."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA_LOCATION = f"{NAMESPACE} {NAMESPACE}/ome.xsd"
PIXEL_TYPES = {  # of numpy, where OME calls or stores them otherwise
    "float16": "float",
    "float32": "float",
    "float64": "double",
    "int64": "double",
    "uint64": "double",
    "bool": "bit",
}
OURS = "cafi/"
"""Annotations whose namespace begins with this are written by cafi."""

_METRIC = ["Y", "Z", "E", "P", "T", "G", "M", "k", "h", "da", "", "d", "c", "m", "µ", "n", "p", "f", "a", "z", "y"]
TIME_UNITS = frozenset([prefix + "s" for prefix in _METRIC] + ["min", "h", "d"])
LENGTH_UNITS = frozenset(
    [prefix + "m" for prefix in _METRIC]
    + ["Å", "thou", "li", "in", "ft", "yd", "mi", "ua", "ly", "pc", "pt", "pixel", "reference frame"]
)
_MEASURES = {
    "DeltaT": TIME_UNITS,
    "ExposureTime": TIME_UNITS,
    "PositionX": LENGTH_UNITS,
    "PositionY": LENGTH_UNITS,
    "PositionZ": LENGTH_UNITS,
}


class Plane(NamedTuple):
    """What OME-XML says about one plane; the measures (DeltaT, ExposureTime, PositionX, ...) as text."""

    t: int
    c: int
    z: int
    measures: dict[str, str]
    annotations: tuple[str, ...] = ()
    sha1: str | None = None


@dataclass
class OmeTree:
    """A valid OME-XML tree with exactly one image, whose planes are kept apart.

    Attributes
    ----------
    root, image, pixels : lxml elements
    planes : list of Plane
        Removed from the tree, so that thousands of them stay cheap.
    """

    root: Any
    image: Any
    pixels: Any
    planes: list[Plane] = field(default_factory=list)


def parse(xml: str | None) -> Any | None:
    """Return the root element of an OME-XML text, or None where it is no such thing.

    Document type declarations are refused, so that entities can neither grow nor reach files.
    """
    if not xml or "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    # An encoding declaration means nothing once the text is decoded, and lxml refuses it there.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", xml.lstrip("\ufeff"))
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if root is not None and name_of(root) == "OME" else None


def name_of(element: Any) -> str:
    """Return an element's name without its namespace."""
    return str(etree.QName(element).localname)


def named(parent: Any, name: str) -> list[Any]:
    """Return the direct children of that name, in whatever namespace."""
    return [child for child in parent if name_of(child) == name]


def structured_annotations(root: Any, namespace: str) -> list[Any]:
    """Return the structured annotations of that namespace (or, ending in '/', of all below it)."""
    found = (child for group in named(root, "StructuredAnnotations") for child in group)
    wanted = (lambda value: value.startswith(namespace)) if namespace.endswith("/") else namespace.__eq__
    return [child for child in found if wanted(child.get("Namespace", ""))]


def load(xml: str | None, image_index: int) -> OmeTree | None:
    """Read an OME-XML text down to one image, valid in the schema of 2016-06.

    Older schemas are converted. None where the text is no OME-XML, lacks the image, or cannot be
    made valid; whoever asks then keeps the text as it is.
    """
    root = parse(xml)
    planes = None if root is None else _one_image(root, image_index)
    if planes is None:
        return None
    if not is_valid(root):
        root = _modernised(root)
        if root is None or not is_valid(root):
            return None
    image = named(root, "Image")[0]
    known = {element.get("ID") for group in named(root, "StructuredAnnotations") for element in group}
    planes = [plane._replace(annotations=tuple(a for a in plane.annotations if a in known)) for plane in planes]
    return OmeTree(root, image, named(image, "Pixels")[0], planes)


def compose(tree: OmeTree, planes: Iterable[Plane]) -> str:
    """Return the OME-XML text of the tree with these planes in it."""
    marker = etree.Comment("planes")
    tree.pixels.append(marker)
    text: str = etree.tostring(tree.root, encoding="unicode")
    tree.pixels.remove(marker)
    head, tail = text.split("<!--planes-->")
    prefix = f"{tree.pixels.prefix}:" if tree.pixels.prefix else ""
    body = "".join(_plane_text(plane, prefix) for plane in planes)
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}{body}{tail}'


def remove_rois(root: Any, ids: set[str | None]) -> None:
    """Remove these ROIs and every reference to them."""
    if not ids:
        return
    for roi in named(root, "ROI"):
        if roi.get("ID") in ids:
            root.remove(roi)
    _drop_dangling_references(root)


def element(name: str, attributes: dict[str, str] | None = None, text: str | None = None) -> Any:
    """Return a new element in the OME namespace."""
    made = etree.Element(f"{{{NAMESPACE}}}{name}", attributes or {}, nsmap={None: NAMESPACE})
    made.text = text
    return made


def empty_root() -> Any:
    """Return a new OME root element."""
    root = etree.Element(f"{{{NAMESPACE}}}OME", nsmap={None: NAMESPACE, "xsi": _XSI})
    set_schema_location(root)
    return root


def set_schema_location(root: Any) -> None:
    """State where the schema is found, as every OME-XML document does."""
    root.set(f"{{{_XSI}}}schemaLocation", SCHEMA_LOCATION)


def is_valid(root: Any) -> bool:
    """Whether a tree satisfies the OME schema of 2016-06."""
    return bool(_schema().validate(root))


@cache
def _schema() -> Any:
    found = find_spec("ome_types")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("ome-types, which holds the OME schema, is not installed", name="ome_types")
    # Taken from the package's folder, since importing ome_types builds hundreds of models.
    return etree.XMLSchema(etree.parse(str(Path(found.submodule_search_locations[0]) / "ome-2016-06.xsd")))


def _one_image(root: Any, image_index: int) -> list[Plane] | None:
    """Cut everything that belongs to other images, and this one's planes and pixel storage."""
    images = named(root, "Image")
    if not 0 <= image_index < len(images) or len(named(images[image_index], "Pixels")) != 1:
        return None
    own_rois = {ref.get("ID") for ref in named(images[image_index], "ROIRef")}
    other_rois = {ref.get("ID") for other in images for ref in named(other, "ROIRef")} - own_rois
    for other in images:
        if other is not images[image_index]:
            root.remove(other)
    for roi in named(root, "ROI"):
        if roi.get("ID") in other_rois:
            root.remove(roi)
    for ours in structured_annotations(root, OURS):
        ours.getparent().remove(ours)
    pixels = named(images[image_index], "Pixels")[0]
    planes = [plane for child in named(pixels, "Plane") if (plane := _plane(child)) is not None]
    for child in list(pixels):
        if name_of(child) in ("Plane", "TiffData", "BinData", "MetadataOnly"):
            pixels.remove(child)
    etree.SubElement(pixels, etree.QName(etree.QName(pixels).namespace, "MetadataOnly"))
    _drop_dangling_references(root)
    return planes


def _plane(child: Any) -> Plane | None:
    try:
        t, c, z = (int(child.get(name, "")) for name in ("TheT", "TheC", "TheZ"))
    except ValueError:
        return None
    measures: dict[str, str] = {}
    for name, units in _MEASURES.items():
        unit = child.get(f"{name}Unit")
        if is_finite(child.get(name)) and (unit is None or unit in units):
            measures[name] = child.get(name)
            if unit is not None:
                measures[f"{name}Unit"] = unit
    refs = tuple(ref.get("ID", "") for ref in named(child, "AnnotationRef"))
    sha1 = next((str(tag.text) for tag in named(child, "HashSHA1")), None)
    return Plane(t, c, z, measures, refs, sha1 if sha1 and re.fullmatch("[0-9a-fA-F]{40}", sha1) else None)


def is_finite(text: str | None) -> bool:
    """Whether a text is a finite number."""
    try:
        return text is not None and math.isfinite(float(text))
    except ValueError:
        return False


def _plane_text(plane: Plane, prefix: str) -> str:
    measures = "".join(f' {name}="{value}"' for name, value in plane.measures.items())
    inside = f"<{prefix}HashSHA1>{plane.sha1}</{prefix}HashSHA1>" if plane.sha1 else ""
    inside += "".join(f'<{prefix}AnnotationRef ID="{_escaped(ref)}"/>' for ref in plane.annotations)
    start = f'<{prefix}Plane TheZ="{plane.z}" TheT="{plane.t}" TheC="{plane.c}"{measures}'
    return f"{start}>{inside}</{prefix}Plane>" if inside else f"{start}/>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _drop_dangling_references(root: Any) -> None:
    """Remove references to what is not in the tree (any more), which the schema forbids."""
    refers = {child: name_of(child).endswith(("Ref", "Settings")) for child in root.iter()}
    known = {child.get("ID") for child, is_reference in refers.items() if not is_reference}
    for child, is_reference in refers.items():
        if is_reference and child.get("ID") is not None and child.get("ID") not in known:
            child.getparent().remove(child)


def _modernised(root: Any) -> Any | None:
    """Convert an older or loosely written tree through ome-types; None where that fails."""
    import warnings

    import ome_types
    from xsdata.exceptions import ParserError, XmlContextError

    text = etree.tostring(root, encoding="unicode")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ome_types.from_xml(text, validate=False)
            return parse(ome_types.to_xml(model))
    except (ParserError, XmlContextError, etree.LxmlError, ValueError, TypeError, KeyError, NotImplementedError):
        return None
