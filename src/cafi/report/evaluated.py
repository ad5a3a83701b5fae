"""The report of a held-out check, from the folder of its results."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cafi.quality.displacement import read_displacement_errors
from cafi.quality.results import read_evaluations
from cafi.report.data import ReportData, Section, Verdict
from cafi.report.extras import cautions_of, coverage_plots, downstream_tables, how_made, verdict_of
from cafi.report.footage import FOLDER, Footage, read_footage
from cafi.report.methods_text import evaluation_text, ordinal
from cafi.report.scores import (
    best_first,
    comparison_sentences,
    displacement_plots,
    metric_plots,
    metric_tables,
    overview_tables,
    scores_in_words,
)

if TYPE_CHECKING:
    from cafi.quality.results import Evaluation

REPORT = "report.html"
UNJUDGED = "No verdict was asked for; the scores say how each method did on the frames that were held out."


def part_name(index: int, evaluation_of: str, drop: int) -> str:
    """Return how the files that belong to one evaluation of a folder are named, without their ending.

    Parameters
    ----------
    index : int
        Its place among the evaluations of the folder, from 0.
    evaluation_of : str
        The movie's path.
    drop : int
    """
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", Path(evaluation_of).name)[:60]
    return f"{index:03d}_{plain}_drop{drop}"


def footage_path(folder: Path, index: int, evaluation_of: str, drop: int) -> Path:
    """Return where the frames of one evaluation lie; see `part_name`."""
    return folder / FOLDER / f"{part_name(index, evaluation_of, drop)}.npz"


def displacement_path(folder: Path, index: int, evaluation_of: str, drop: int) -> Path:
    """Return where the error against displacement of one evaluation lies; see `part_name`."""
    return folder / FOLDER / f"{part_name(index, evaluation_of, drop)}.displacement.csv"


def evaluation_report(folder: Path) -> ReportData:
    """Describe the held-out checks of a folder.

    Parameters
    ----------
    folder : Path
        That `cafi evaluate` made. Frames and displacements that are not there are left out.

    Raises
    ------
    CafiError
        If it holds no evaluation, or a file in it is damaged.
    """
    evaluations = read_evaluations(folder)
    movies = list(dict.fromkeys(evaluation.movie for evaluation in evaluations))
    of = Path(movies[0]).name if len(movies) == 1 else f"{len(movies)} movies"
    first = evaluations[0].provenance if evaluations else {}
    return ReportData(
        title=f"Held-out check of {of}",
        sections=tuple(_section(folder, i, evaluation) for i, evaluation in enumerate(evaluations)),
        command=first.get("command"),
        provenance={part_name(i, e.movie, e.drop): how_made(e.provenance) for i, e in enumerate(evaluations)},
        tables=tuple(overview_tables(evaluations)) if len(movies) > 1 else (),
    )


def _section(folder: Path, index: int, evaluation: Evaluation) -> Section:
    moved = displacement_path(folder, index, evaluation.movie, evaluation.drop)
    errors = read_displacement_errors(moved) if moved.exists() else []
    provenance = evaluation.provenance
    return Section(
        name=f"{Path(evaluation.movie).name}, every {ordinal(evaluation.drop)} frame kept",
        verdict=verdict_of(provenance) or Verdict("not judged", (UNJUDGED,)),
        facts=tuple(comparison_sentences(evaluation)),
        footage=_footage(footage_path(folder, index, evaluation.movie, evaluation.drop), best_first(evaluation)),
        tables=(*metric_tables(evaluation), *downstream_tables(evaluation)),
        plots=(
            *metric_plots(evaluation),
            *displacement_plots(errors, evaluation.channels),
            *coverage_plots(provenance, evaluation.channels),
        ),
        cautions=tuple(cautions_of(provenance, evaluation.held_out.kept)),
        notes=evaluation.notes,
        methods_text=tuple(evaluation_text(evaluation, scores_in_words(evaluation))),
    )


def _footage(path: Path, order: list[str]) -> Footage | None:
    """Read the frames, if they were kept, and put the best method first, which the player shows."""
    if not path.exists():
        return None
    footage = read_footage(path)
    return replace(footage, predicted={name: footage.predicted[name] for name in order if name in footage.predicted})
