"""What the downstream checks found, in the record of an evaluation and in tables for people."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cafi.quality.overview import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cafi.quality.downstream import Downstream
    from cafi.quality.results import Evaluation

RECORD = "downstream"


def with_downstream(evaluation: Evaluation, found: Downstream) -> Evaluation:
    """Keep the checks in the provenance of an evaluation, as plain values, and what must be known in its notes."""
    known = set(evaluation.notes)
    return replace(
        evaluation,
        provenance=evaluation.provenance | {RECORD: asdict(found)},
        notes=(*evaluation.notes, *(note for note in found.notes if note not in known)),
    )


def tables(evaluations: Sequence[Evaluation]) -> tuple[Table, ...]:
    """Return a table of tracking for each channel and one of segmentation, for each movie and rate that has them."""
    return tuple(table for e in evaluations for table in _tables(e, e.provenance.get(RECORD) or {}))


def _tables(evaluation: Evaluation, found: dict[str, Any]) -> Iterator[Table]:
    title = f"{Path(evaluation.movie).name}, --drop {evaluation.drop}"
    for one in found.get("tracking", ()):
        yield Table(
            f"{title}, channel {evaluation.channels[one['channel']]}: spots of {one['spot_diameter']:.3g} px, linked"
            f" over {one['greatest_step']:.3g} px a frame, against tracks at full rate",
            (
                "frames",
                "alpha",
                "beta",
                "JSC",
                "JSC theta",
                "RMSE, px",
                "alpha, kept",
                "tracks",
                "spots kept / held out",
            ),
            tuple(_tracking_row(row) for row in one["rows"]),
        )
    if found.get("segmentation"):
        columns = ("channel", "frames", "Dice", "average precision", "objects", "as measured", "in kept frames")
        rows = tuple(_segmentation_row(evaluation, row) for row in found["segmentation"])
        yield Table(f"{title}: segmentation of held-out frames", columns, rows)


def _tracking_row(row: dict[str, Any]) -> tuple[object, ...]:
    measures = (_shown(value, 3) for value in row["all_frames"].values())
    spots = f"{_shown(row['spots_acquired'], 1)} / {_shown(row['spots_interpolated'], 1)}"
    return row["of"], *measures, _shown(row["acquired_frames"]["alpha"], 3), row["tracks"], spots


def _segmentation_row(evaluation: Evaluation, row: dict[str, Any]) -> tuple[object, ...]:
    scores = (_shown(row[name], 3) for name in ("dice", "average_precision"))
    counts = (_shown(row[name], 1) for name in ("count", "true_count", "acquired_count"))
    return evaluation.channels[row["channel"]], row["of"], *scores, *counts


def _shown(value: float | None, digits: int) -> str:
    return "-" if value is None or value != value else f"{value:.{digits}f}"
