"""Scores as CSV, for spreadsheets and scripts."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from cafi.quality.metrics.catalogue import METRICS
from cafi.quality.statistics import summarise, summarise_movies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cafi.quality.results import Evaluation
    from cafi.quality.statistics import Row

SCORES, SUMMARY = "scores.csv", "summary.csv"
ALL_MOVIES = "(all movies)"


def write_tables(folder: Path, evaluations: Sequence[Evaluation]) -> None:
    """Write ``scores.csv``, a line for each frame and channel, and ``summary.csv``, a line for each mean."""
    names = [m.name for m in METRICS]
    head = ("movie", "drop", "method", "channel", "frame", "gap", "t")
    _write(folder / SCORES, (*head, *names), _score_lines(evaluations, names))
    columns = ("movie", "drop", "channel", "metric", "unit", "method", "mean", "low", "high", "count")
    paired = ("baseline", "difference", "difference_low", "difference_high", "difference_count", "verdict")
    _write(folder / SUMMARY, (*columns, *paired), _summary_lines(evaluations))


def _score_lines(evaluations: Sequence[Evaluation], names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for e in evaluations:
        for s in e.scores:
            values = (s.values.get(name) for name in names)
            yield e.movie, e.drop, s.method, e.channels[s.channel], s.frame, s.gap, f"{s.t:.6g}", *map(_text, values)


def _summary_lines(evaluations: Sequence[Evaluation]) -> Iterator[tuple[Any, ...]]:
    for e in evaluations:
        scored = sorted({score.channel for score in e.scores})
        for channel in (None, *(scored if len(scored) > 1 else ())):
            for m in METRICS:
                for row in summarise(e, m.name, channel):
                    yield e.movie, e.drop, "" if channel is None else e.channels[channel], m.name, m.unit, *_row(row)
    for drop in sorted({e.drop for e in evaluations}):
        together = [e for e in evaluations if e.drop == drop]
        if len(together) > 1:
            for m in METRICS:
                for row in summarise_movies(together, m.name):
                    yield ALL_MOVIES, drop, "", m.name, m.unit, *_row(row)


def _row(row: Row) -> tuple[Any, ...]:
    mean, paired = row.mean, row.comparison
    values = (row.method, _text(mean.value), _text(mean.low), _text(mean.high), mean.count)
    if paired is None:
        return (*values, "", "", "", "", "", "")
    d = paired.difference
    return (*values, paired.baseline, _text(d.value), _text(d.low), _text(d.high), d.count, paired.verdict)


def _text(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.7g}"


def _write(path: Path, head: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(head)
        table.writerows(lines)
