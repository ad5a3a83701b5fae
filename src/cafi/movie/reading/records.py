"""What cafi itself left in a file that it wrote: provenance, and header fields without a place in the format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cafi.movie.frames import FrameTable
    from cafi.movie.model import Header

_Source = TypeVar("_Source")
_Found = TypeVar("_Found")

_EDITED = "The record that cafi left in this file is of {} frames while it holds {}, so it was ignored."


def record(path: Path, read: Callable[[_Source], _Found], source: _Source) -> _Found:
    """Read one of cafi's records, naming the file if it is damaged."""
    try:
        return read(source)
    except CafiError as error:
        sentence = str(error)
        raise CafiError(f"{path}: {sentence[0].lower()}{sentence[1:]}") from error


def with_records(
    header: Header, found: tuple[FrameTable, dict[str, Any]] | None, fields: dict[str, Any]
) -> tuple[Header, tuple[str, ...]]:
    """Put cafi's own records into a header, unless the movie was cut or joined since.

    Parameters
    ----------
    header : Header
        As the file's format tells it.
    found : tuple of FrameTable and dict, or None
        Frames and provenance.
    fields : dict
        Exact header fields.

    Returns
    -------
    Header
    assumptions : tuple of str
    """
    times = fields.get("times")
    if times is not None and len(times) != header.size.t:
        return header, (_EDITED.format(len(times), header.size.t),)
    if len(fields.get("channels", ())) != header.size.c:
        fields = {name: value for name, value in fields.items() if name != "channels"}
    header = replace(header, **fields)
    if found is None:
        return header, ()
    frames, provenance = found
    length = header.size.t if frames.axis == "t" else header.size.z
    if len(frames) != length:
        return header, (_EDITED.format(len(frames), length),)
    return replace(header, frames=frames, provenance=provenance), ()
