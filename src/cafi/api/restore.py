"""Taking the acquired frames back out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Restored:
    """What came back.

    Attributes
    ----------
    target : Path
    acquired : int
        Frames restored, along the axis that was interpolated.
    missing : tuple of int
        Indices of acquired frames that the interpolated movie did not contain.
    """

    target: Path
    acquired: int
    missing: tuple[int, ...]


def restore(
    source: str | Path,
    target: str | Path,
    *,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Restored:
    """Write only the acquired frames of a movie that cafi made, bit-identical and in their own order.

    Parameters
    ----------
    source : str or Path
        A movie written by `cafi.interpolate`, in any of its formats.
    target : str or Path
        Ends in .ome.tif, .tif (ImageJ) or .ome.zarr.
    overwrite : bool
        Replace an existing target that cafi wrote.
    on_progress : callable, optional
        Called with the number of stored frames and of all frames.

    Returns
    -------
    Restored

    Raises
    ------
    CafiError
        If the movie carries no marks of cafi, holds the bounds of intervals, or the target is in the way.
    """
    from cafi.movie.options import WriteOptions
    from cafi.movie.provenance import BOUNDS, CONTENT
    from cafi.movie.reading import open_movie
    from cafi.movie.reindex import restored_movie
    from cafi.movie.writing import write_movie
    from cafi.movie.writing.replacing import refuse_taken

    source, target = Path(source), Path(target)
    with open_movie(source) as movie:
        table = movie.header.frames
        if table is None:
            raise CafiError(f"{source} carries no marks of acquired and interpolated frames: it was not made by cafi.")
        if (movie.header.provenance or {}).get(CONTENT) == BOUNDS:
            raise CafiError(
                f"{source} holds the bounds of intervals, and no acquired frame as it was measured; restore from the"
                " movie beside it, without .interval in its name."
            )
        if target.exists() and target.samefile(source):
            raise CafiError(f"{target} is the source itself; choose another name for the result.")
        refuse_taken(target, overwrite=overwrite)
        write_movie(restored_movie(movie), target, WriteOptions(), on_progress=on_progress)
        return Restored(target, int(table.acquired.sum()), tuple(int(i) for i in table.left_out))
