"""What an output carries along because its format has no place for it: exact header fields, source metadata."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from cafi.movie.model import Channel, PixelSize, SourceMetadata
from cafi.movie.plain import damaged, dumps, from_plain, loads
from cafi.movie.provenance import annotation_text, info_line, info_value, to_json

if TYPE_CHECKING:
    from cafi.movie.model import Header

NAMESPACE = "cafi/source-metadata"
HEADER_NAMESPACE = "cafi/header"
_FIELDS = ("name", "times", "times_from", "pixel_size", "channels", "significant_bits")


def header_document(header: Header) -> dict[str, Any]:
    """Return what ImageJ TIFF and OME-Zarr have no exact place for, as JSON values."""
    return {
        "name": header.name,
        "times": None if header.times is None else header.times.tolist(),
        "times_from": header.times_from,
        "pixel_size": asdict(header.pixel_size),
        "channels": [asdict(channel) for channel in header.channels],
        "significant_bits": header.significant_bits,
    }


def ome_header_document(header: Header) -> dict[str, Any]:
    """Return what OME-XML has no exact place for, as JSON values: times in seconds, and where they come from."""
    return {name: value for name, value in header_document(header).items() if name.startswith("times")}


def fields_from_ome_xml(xml: str) -> dict[str, Any]:
    """Return those that cafi left in OME-XML; as `fields_from_imagej`."""
    text = annotation_text(xml, HEADER_NAMESPACE)
    return {} if text is None else _fields(loads(text), ("times", "times_from"))


def fields_from_imagej(info: str) -> dict[str, Any]:
    """Return the exact `Header` fields that cafi left in the Info text of an ImageJ TIFF; {} where it did not.

    Raises
    ------
    CafiError
        If they are cafi's, but damaged.
    """
    text = info_value(info, "header")
    return {} if text is None else _fields(loads(text))


def fields_from_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return those that cafi left in the attributes of a Zarr group; as `fields_from_imagej`."""
    ours = attributes.get("cafi")
    found = ours.get("header") if isinstance(ours, dict) else None
    return {} if found is None else _fields(found)


def info_text(header: Header) -> str:
    """Return the Info text of an ImageJ TIFF: the source's own, then a line for each thing carried along."""
    metadata = header.metadata
    own = str((metadata.imagej or {}).get("Info", ""))
    lines = [own] if own else []
    lines.append(info_line("header", dumps(header_document(header))))
    if header.frames is not None:
        lines.append(info_line("provenance", to_json(header)))
    natively = ("imagej",) if metadata.imagej is not None else ()
    lines.append(info_line("source metadata", source_document(metadata, natively)))
    return "\n".join(lines)


def source_document(metadata: SourceMetadata, natively: tuple[str, ...]) -> str:
    """Return, as JSON text, the source's metadata that the output's format does not hold itself.

    Parameters
    ----------
    metadata : SourceMetadata
    natively : tuple of str
        Fields that the format holds. All others are stated, also as None, so that
        `original_metadata` knows what the source did not have.
    """
    fields = {name: getattr(metadata, name) for name in ("ome_xml", "image_index", "imagej", "vendor")}
    return dumps({name: value for name, value in fields.items() if name not in natively})


def original_metadata(metadata: SourceMetadata) -> SourceMetadata:
    """Return the source's own metadata from those read from an output of cafi's; others come back unchanged.

    Raises
    ------
    CafiError
        If cafi's annotation is damaged.
    """
    stored = annotation_text(metadata.ome_xml or "", NAMESPACE)
    info = (metadata.imagej or {}).get("Info")
    if isinstance(info, str) and metadata.imagej is not None:
        stored = info_value(info, "source metadata") if stored is None else stored
        metadata = replace(metadata, imagej=_without_our_lines(metadata.imagej, info))
    if stored is None:
        return metadata
    found = from_plain(loads(stored))
    if not (isinstance(found, dict) and all(_is_field(name, value) for name, value in found.items())):
        raise damaged()
    return replace(metadata, **found)


def _is_field(name: str, value: Any) -> bool:
    kinds: dict[str, type] = {"ome_xml": str, "image_index": int, "imagej": dict, "vendor": dict}
    return name in kinds and (isinstance(value, kinds[name]) or (value is None and name != "image_index"))


def _without_our_lines(imagej: dict[str, Any], info: str) -> dict[str, Any]:
    ours = tuple(info_line(key, "") for key in ("header", "provenance", "source metadata"))
    kept = "\n".join(line for line in info.split("\n") if not line.startswith(ours))
    others = {key: value for key, value in imagej.items() if key != "Info"}
    return others | ({"Info": kept} if kept else {})


def _fields(found: Any, names: tuple[str, ...] = _FIELDS) -> dict[str, Any]:
    """Check header fields that claim to be ours."""
    if not isinstance(found, dict):
        raise damaged()
    try:
        return {name: _field(name, found[name]) for name in names}
    except (KeyError, TypeError, ValueError) as error:
        raise damaged() from error


def _field(name: str, value: Any) -> Any:
    """Turn a JSON value into a header field; ValueError or TypeError where it is none."""
    import numpy as np

    sound = True
    if name == "times" and value is not None:
        value = np.array(value, dtype=np.float64)
        sound = value.ndim == 1 and bool(np.isfinite(value).all() and (np.diff(value) > 0).all())
    elif name == "pixel_size":
        value = PixelSize(**value)
        lengths = (value.z, value.y, value.x)
        sound = isinstance(value.unit, str) and all(n is None or isinstance(n, int | float) for n in lengths)
    elif name == "channels":
        value = tuple(Channel(**channel) for channel in value)
        sound = all(text is None or isinstance(text, str) for each in value for text in (each.name, each.color))
    elif name == "times_from":
        sound = value in ("planes", "interval", None)
    elif name == "name":
        sound = isinstance(value, str)
    elif name == "significant_bits":
        sound = value is None or isinstance(value, int)
    if not sound:
        raise ValueError(f"{name} is damaged")
    return value
