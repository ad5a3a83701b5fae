"""What may be replaced: only what cafi wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cafi.errors import CafiError
from cafi.movie.reading.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refuse_taken(target: Path, *, overwrite: bool) -> None:
    """Refuse a place for a movie where something lies that may not be replaced.

    Parameters
    ----------
    target : Path
    overwrite : bool
        Whether a movie that cafi wrote may be.

    Raises
    ------
    CafiError
        If something lies there, and it may not or is no movie that cafi wrote.
    """
    refuse_foreign(target, "movie", written_by_cafi)
    if target.exists() and not overwrite:
        raise CafiError(f"{target} exists already; choose another name, or give --overwrite to replace it.")


def refuse_foreign(path: Path, kind: str, is_ours: Callable[[Path], bool]) -> None:
    """Refuse to replace what cafi has not written.

    Parameters
    ----------
    path : Path
    kind : str
        What cafi would have written there, such as 'report'.
    is_ours : callable
        Whether cafi has written what lies there; asked only where something does.

    Raises
    ------
    CafiError
        If something else lies there.
    """
    if path.exists() and not is_ours(path):
        raise CafiError(f"{path} exists already and is no {kind} of cafi's; move it away, or name another place.")


def written_by_cafi(path: Path) -> bool:
    """Whether a TIFF file or an OME-Zarr names cafi as the program that wrote it, as all results do.

    Raises
    ------
    CafiError
        If it cannot be read.
    """
    from tifffile import TiffFile

    with guarded(path, "it exists already and cannot be read", "move it away, or name another place"):
        if path.is_dir():
            return "cafi" in json.loads((path / "zarr.json").read_text(encoding="utf-8"))["attributes"]
        with TiffFile(path) as tiff:
            return tiff.pages.first.software.startswith("cafi ")
