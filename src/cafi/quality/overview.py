"""The few figures that are shown first: how good each method is, by how much, and what it costs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cafi.quality.metrics.catalogue import metric
from cafi.quality.statistics import summarise, summarise_movies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cafi.quality.results import Evaluation, MethodRun
    from cafi.quality.statistics import Row

METRICS = ("psnr", "ssim")
DIGITS = {"psnr": 2, "ssim": 4}
LEGEND = (
    "Gains are over the best classical method on the same frames ('best'), with their 95 % interval; 'better' and"
    " 'worse' stand only where it excludes 0."
)
ONE_BY_ONE = 6  # evaluations: of more, only the means over movies are shown


@dataclass(frozen=True)
class Table:
    """A table for people.

    Attributes
    ----------
    title : str
    columns : tuple of str
    rows : tuple of tuple
        Best first.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def overview(evaluations: Sequence[Evaluation]) -> tuple[Table, ...]:
    """Return a table for each movie and rate (if they are few), and one for each rate over all movies."""
    tables = []
    if len(evaluations) <= ONE_BY_ONE:
        for e in evaluations:
            title = f"{e.movie}: {_dropped(e.drop)}"
            runs = {run.method: run for run in e.runs}
            tables.append(_table(title, [summarise(e, name) for name in METRICS], runs, len(e.held_out.gaps)))
    for drop in sorted({e.drop for e in evaluations}):
        together = [e for e in evaluations if e.drop == drop]
        if len(together) > 1:
            title = f"Mean over {len(together)} movies: {_dropped(drop)}"
            tables.append(_table(title, [summarise_movies(together, name) for name in METRICS]))
    return tuple(tables)


def as_json(evaluations: Sequence[Evaluation]) -> list[dict[str, Any]]:
    """Return the same figures for programs: a record for each movie and rate."""
    records = []
    for e in evaluations:
        runs = {run.method: run for run in e.runs}
        methods: dict[str, dict[str, Any]] = {name: asdict(run) for name, run in runs.items()}
        for name in METRICS:
            for row in summarise(e, name):
                methods[row.method][name] = asdict(row.mean)
                methods[row.method][f"{name}_comparison"] = asdict(row.comparison) if row.comparison else None
        records.append(
            {"movie": e.movie, "drop": e.drop, "gaps": len(e.held_out.gaps), "methods": methods, "notes": e.notes}
        )
    return records


def _table(
    title: str, found: Sequence[tuple[Row, ...]], runs: dict[str, MethodRun] | None = None, gaps: int = 0
) -> Table:
    columns = ["method"]
    for name in METRICS:
        columns += [_label(name), "gain"]
    first = {row.method: row.mean.value for row in found[0]}
    by_method = [{row.method: row for row in rows} for rows in found]
    rows = []
    for method in sorted(first, key=lambda method: math.inf if math.isnan(first[method]) else -first[method]):
        cells: list[object] = [method]
        for name, of_method in zip(METRICS, by_method, strict=True):
            digits = DIGITS[name]
            cells += [_number(of_method[method].mean.value, f".{digits}f"), _difference(of_method[method], digits)]
        if runs is not None:
            run = runs[method]
            cells += [_number(run.seconds_per_frame, ".3f"), _number(run.peak_mb, ".0f")]
            cells.append(len(run.gaps) if len(run.gaps) == gaps else f"{len(run.gaps)} of {gaps}")
        rows.append(tuple(cells))
    if runs is not None:
        columns += ["s/frame", "MB", "gaps"]
    return Table(title, tuple(columns), tuple(rows))


def _dropped(drop: int) -> str:
    return "every second frame held out" if drop == 2 else f"{drop - 1} of {drop} frames held out"


def _label(name: str) -> str:
    m = metric(name)
    return f"{m.label}, {m.unit}" if m.unit else m.label


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else f"{value:{form}}"


def _difference(row: Row, digits: int) -> str:
    """Say how a method stands to the best classical one."""
    if row.comparison is None:
        return "best" if row.best_classical else "-"
    d = row.comparison.difference
    if math.isnan(d.low):
        return _number(d.value, f"+.{digits}f")
    word = row.comparison.verdict if row.comparison.verdict in ("better", "worse") else ""
    return f"{d.value:+.{digits}f} ± {(d.high - d.low) / 2:.{digits}f} {word}".strip()
