"""``cafi plan``: how many frames can be left out, and the light that this saves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cafi.api.plan import PlanOptions
from cafi.cli import console
from cafi.engine.options import EngineOptions
from cafi.movie.options import ReadOptions

if TYPE_CHECKING:
    from cafi.planning.plan import Plan

Flat = Parameter(name="*")


def plan(
    movie: Path,
    /,
    *,
    options: Annotated[PlanOptions | None, Flat] = None,
    read: Annotated[ReadOptions | None, Flat] = None,
    engine: Annotated[EngineOptions | None, Flat] = None,
    json: bool = False,
) -> int:
    """Find out from a pilot movie at full rate how many frames can be left out, and the light that this saves.

    Frames are left out, predicted and compared with themselves, at longer and longer intervals. The longest interval
    that keeps the wanted quality is recommended, and none longer than was measured.

    Parameters
    ----------
    movie
        The pilot movie; its light, labels and sample should be those of the recordings to come.
    json
        Print the plan as JSON on standard output.
    """
    from cafi.api.plan import plan as make
    from cafi.api.plan import plan_as_dict, plan_in_words

    given = (options or PlanOptions()).model_dump()
    with console.progress(movie.name, "frames") as on_progress:
        found = make(movie, **given, read=read, engine=engine, on_progress=on_progress)
    if json:
        console.print_json(plan_as_dict(found))
        return 0
    _print(found)
    for sentence in plan_in_words(found):
        console.say(sentence)
    for note in found.notes:
        console.warn(note)
    return 0


def _print(found: Plan) -> None:
    """One row for each interval: what it costs and saves, how far things move, and what each method makes of it."""
    methods = list(dict.fromkeys(point.method for point in found.points))
    cells = {(p.interval, p.method): f"{p.quality:.3f} ({p.assured:.3f}){'*' if p.keeps else ''}" for p in found.points}
    moved = {d.interval: d for d in found.displacements}
    rows = [
        (
            interval,
            "-" if found.frame_interval is None else f"{interval * found.frame_interval:.4g}",
            f"{1 / interval:.0%}",
            f"{moved[interval].median:.1f} / {moved[interval].fast:.1f}",
            *(cells.get((interval, method), "-") for method in methods),
        )
        for interval in sorted({point.interval for point in found.points})
    ]
    columns = ("frames", "s", "light", "px moved", *methods)
    title = (
        f"Light, px moved (median / fastest 5%), mean quality (assured at {found.confidence:.0%} confidence);"
        f" * keeps {found.bound}"
    )
    console.print_table(columns, rows, title=title)
