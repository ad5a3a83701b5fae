"""``cafi simulate``: synthetic movies with truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cafi.api.simulate import SimulationOptions
from cafi.cli import console

Flat = Parameter(name="*")


def simulate(
    out: Path,
    /,
    *,
    options: Annotated[SimulationOptions | None, Flat] = None,
    overwrite: bool = False,
    json: bool = False,
) -> int:
    """Simulate a movie as a camera records it, with the noise-free truth and the true motion beside it.

    Parameters
    ----------
    out
        The movie: NAME.ome.tif, NAME.tif (ImageJ) or NAME.ome.zarr. NAME.truth holds the same without noise,
        NAME.tracks.csv where particles, rods or cells are, NAME.motion how far tissue has moved.
    overwrite
        Replace existing files; of movies, only those that cafi wrote.
    json
        Print what was written as JSON on standard output.
    """
    from cafi.api.simulate import simulate as make

    with console.progress(out.name) as on_progress:
        made = make(out, options, overwrite=overwrite, on_progress=on_progress)
    if json:
        console.print_json(asdict(made) | {"options": made.options.model_dump()})
        return 0
    console.say(f"{made.target}: {made.options.frames} frames of {made.options.scene}; without noise: {made.truth}.")
    for what, path in (("Where everything is", made.tracks), ("How far each pixel's content moved", made.motion)):
        if path is not None:
            console.say(f"{what}: {path}.")
    return 0
