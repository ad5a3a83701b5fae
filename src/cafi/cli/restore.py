"""``cafi restore``: only the acquired frames."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from cafi.cli import console


def restore(movie: Path, out: Path, /, *, overwrite: bool = False, json: bool = False) -> int:
    """Take only the acquired frames back out, bit-identical.

    Parameters
    ----------
    movie
        A movie that cafi interpolated.
    out
        The result: NAME.ome.tif, NAME.tif (ImageJ) or NAME.ome.zarr.
    overwrite
        Replace an existing result of cafi's.
    json
        Print the summary as JSON on standard output.
    """
    from cafi.api.restore import restore as restore_movie

    with console.progress(movie.name) as on_progress:
        restored = restore_movie(movie, out, overwrite=overwrite, on_progress=on_progress)
    if json:
        console.print_json(asdict(restored))
        return 0
    console.say(f"{restored.target}: {restored.acquired} acquired frames, bit-identical.")
    if restored.missing:
        indices = ", ".join(map(str, restored.missing[:20])) + (", ..." if len(restored.missing) > 20 else "")
        console.warn(f"{len(restored.missing)} acquired frames were not in the interpolated movie: {indices}.")
    return 0
