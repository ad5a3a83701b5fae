"""``cafi evaluate``: the held-out check of several methods, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cafi.cli import console
from cafi.cli.running import INTERRUPTED
from cafi.engine.options import EngineOptions
from cafi.errors import CafiError
from cafi.movie.options import ReadOptions
from cafi.quality.downstream_options import DownstreamOptions
from cafi.quality.options import EvaluateOptions

if TYPE_CHECKING:
    from cafi.api.evaluate import Evaluated

Flat = Parameter(name="*")


def evaluate(
    *movies: str,
    out: Annotated[Path, Parameter(name=("--out", "-o"))],
    options: Annotated[EvaluateOptions | None, Flat] = None,
    read: Annotated[ReadOptions | None, Flat] = None,
    engine: Annotated[EngineOptions | None, Flat] = None,
    downstream: Annotated[DownstreamOptions | None, Flat] = None,
    weights: Path | None = None,
    overwrite: bool = False,
    json: bool = False,
) -> int:
    """Drop frames, predict them with every method, and compare with the truth: the honest measure on your own movie.

    Parameters
    ----------
    movies
        Movies, and folders or patterns of movies.
    out
        The folder for the results: report.html to look at; evaluation.json, scores.csv, summary.csv.
    weights
        Weights of your own training (a fine-tuned model, or .safetensors) for the method that they belong to.
    overwrite
        Replace an evaluation that the folder holds.
    json
        Print the summary as JSON on standard output.
    """
    from cafi.api.evaluate import evaluate as check

    if not movies:
        raise CafiError("Name at least one movie, such as `cafi evaluate cells.nd2 -o check`.")
    earlier = _written(out)
    try:
        found = check(
            movies,
            out,
            options,
            read=read,
            engine=engine,
            weights=weights,
            downstream=downstream,
            overwrite=overwrite,
            watch=console.progress,
        )
    except KeyboardInterrupt:
        kept = f"the methods that had finished are in {out}" if _written(out) != earlier else "no method had finished"
        console.say(f"cafi: stopped; {kept}.")
        return INTERRUPTED
    _report(found, as_json=json)
    return 1 if found.failed else 0


def _written(out: Path) -> int | None:
    """Return when an evaluation was written into a folder, by its file's time stamp; None where there is none."""
    path = out / "evaluation.json"
    return path.stat().st_mtime_ns if path.exists() else None


def _report(found: Evaluated, *, as_json: bool) -> None:
    from cafi.api import evaluate as api

    for sentence in (*found.skipped, *found.failed.values()):
        console.warn(sentence)
    tables, notes = api.overview(found)
    if as_json:
        console.print_json(api.as_json(found))
    else:
        for table in tables:
            console.print_table(table.columns, table.rows, title=table.title)
        console.say(notes[0])
    for sentence in notes[1:]:
        console.warn(sentence)
    if found.report is not None:
        console.say(f"Report: {found.report}")
    console.say(f"All scores: {found.folder / 'scores.csv'}; means and differences: {found.folder / 'summary.csv'}.")
