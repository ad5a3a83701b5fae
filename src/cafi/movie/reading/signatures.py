"""How each reader recognises its input: by the first bytes of a file, or by what a folder holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 64
"""Bytes of a file that are enough to recognise it."""

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_VENDOR = (b"\xda\xce\xbe\x0a", b"ZISRAWFILE", b"p\0\0\0")
_ZARR_FILES = ("zarr.json", ".zgroup", ".zattrs", ".zarray")


def is_tiff(path: Path, head: bytes) -> bool:
    """TIFF or BigTIFF, or the companion file of an OME-TIFF series."""
    return (
        head.startswith(_TIFF) or b"<OME" in head or (b"<?xml" in head and path.name.lower().endswith(".companion.ome"))
    )


def is_vendor(path: Path, head: bytes) -> bool:
    """ND2 (the old kind is a JPEG 2000 container), CZI or LIF."""
    return head.startswith(_VENDOR) or (path.suffix.lower() == ".nd2" and head[4:8] == b"jP  ")


def is_video(path: Path, head: bytes) -> bool:  # noqa: ARG001
    """AVI, MP4 or QuickTime, Matroska."""
    if head[4:8] == b"ftyp":
        return head[8:12] not in (b"avif", b"avis", b"heic", b"mif1")
    return (
        (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        or head[4:8] in (b"moov", b"mdat", b"wide")
        or head.startswith(b"\x1aE\xdf\xa3")
    )


def is_zarr(path: Path, head: bytes) -> bool:
    """Folder with Zarr metadata, or a zip file of one."""
    if path.is_dir():
        return any((path / name).exists() for name in _ZARR_FILES)
    return head.startswith(b"PK\x03\x04") and path.name.lower().endswith((".zarr.zip", ".ozx"))


def is_image(path: Path, head: bytes) -> bool:
    """PNG, JPEG, BMP, JPEG 2000 or WebP, or a folder (of frames)."""
    return path.is_dir() or head.startswith(_IMAGES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")


READERS = (
    (is_zarr, "zarr_images"),
    (is_tiff, "tiff"),
    (is_vendor, "vendor"),
    (is_video, "video"),
    (is_image, "images"),
)
"""Every reader: how it recognises its input, and its module, which offers ``open_scene(path, options)``.

The modules are imported on use, because what they import is heavy or optional."""


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file; none of a folder."""
    if path.is_dir():
        return b""
    with path.open("rb") as file:
        return file.read(HEAD)


def reader_of(path: Path, head: bytes) -> str | None:
    """Return the name of the module that reads this file or folder, or None."""
    return next((module for recognises, module in READERS if recognises(path, head)), None)
