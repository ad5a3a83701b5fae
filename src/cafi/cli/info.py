"""``cafi info``: what is in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cafi.cli import console
from cafi.movie.options import ReadOptions

if TYPE_CHECKING:
    from cafi.api.info import Info

Flat = Parameter(name="*")


def info(movie: str, /, *, read: Annotated[ReadOptions | None, Flat] = None, json: bool = False) -> int:
    """Say what is in a file, frame by frame, and whether it can be interpolated.

    Parameters
    ----------
    movie
        A movie, or a folder or pattern of single-frame images.
    json
        Print everything as JSON on standard output.
    """
    from cafi.api.info import describe

    with console.progress("looking at every frame") as on_progress:
        found = describe(movie, read or ReadOptions(), on_progress=on_progress)
    if json:
        console.print_json(found.as_dict())
    else:
        _print(found)
    return 0


def _print(found: Info) -> None:
    console.print_table(("what", "value"), found.rows(), title=found.name)
    for sentence in found.notes:
        console.warn(sentence)
