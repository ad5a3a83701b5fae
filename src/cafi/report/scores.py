"""Scores of a held-out check as tables, plots and sentences."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from cafi.quality.metrics.catalogue import METRICS, metric
from cafi.quality.statistics import best_classical, summarise, summarise_movies
from cafi.report.data import Estimate, Plot, Series, Table, channel_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cafi.quality.displacement import DisplacementError
    from cafi.quality.metrics.catalogue import Metric
    from cafi.quality.results import Evaluation
    from cafi.quality.statistics import Mean, Row
    from cafi.report.data import Cell

HEADLINES = ("psnr", "ssim")  # metrics by which methods are compared in words
INTERVALS = "In brackets: 95 % confidence interval over gaps; none where there are too few."
CLASSES = (
    "Blocks of 32 x 32 pixels in classes of how far optical flow finds them to move over the gap; blocks that show"
    " nothing but noise are left out. Bars: 95 % confidence intervals over gaps. The error includes the noise of the"
    " measured frame."
)
FEWEST_PLACES = 2  # in a gap, from which a plot against t tells something


def metric_tables(evaluation: Evaluation) -> Iterator[Table]:
    """Yield the methods by the headline metrics with what each cost, then all metrics, then channels apart."""
    rows = {name: {row.method: row for row in summarise(evaluation, name)} for name in (m.name for m in METRICS)}
    order = _best_first(evaluation, rows["psnr"])
    yield _headline_table(evaluation, rows, order)
    plain = [m for m in METRICS if any(not math.isnan(row.mean.value) for row in rows[m.name].values())]
    cells = tuple(_cells(m, [rows[m.name][name] for name in order]) for m in plain)
    yield Table("All metrics", ("metric", *order), cells, (INTERVALS,))
    if len(evaluation.channels) > 1:
        yield _channel_table(evaluation, order)


def comparison_sentences(evaluation: Evaluation) -> Iterator[str]:
    """Yield for each learned method and headline metric how it compares with the best classical method."""
    from cafi.interpolators.registry import summaries

    classical = {entry.name for entry in summaries() if not entry.learned}
    for name in HEADLINES:
        for row in summarise(evaluation, name):
            if row.comparison is None:
                continue
            if row.method not in classical:
                label, baseline = metric(name).label, row.comparison.baseline
                yield f"{row.method} against {baseline}, the best classical method by {label}: {_compared(row)}."


def scores_in_words(evaluation: Evaluation) -> str:
    """Return the headline scores of all methods in one sentence for a paper."""
    told = []
    for name in HEADLINES:
        rows = [row for row in summarise(evaluation, name) if not math.isnan(row.mean.value)]
        if rows:
            each = ", ".join(f"{_said(row.mean, name)} for {row.method}" for row in rows)
            told.append(f"{metric(name).label} was {each}")
    return "; ".join(told) + "." if told else ""


def metric_plots(evaluation: Evaluation) -> Iterator[Plot]:
    """Yield methods side by side, and PSNR along the movie and over the place in the gap."""
    rows = {row.method: row for row in summarise(evaluation, "psnr") if math.isfinite(row.mean.value)}
    order = [name for name in _best_first(evaluation, rows) if name in rows]
    if not order:
        return
    means = [rows[name].mean for name in order]
    low, high = (tuple(getattr(mean, end) for mean in means) for end in ("low", "high"))
    series = Series("PSNR", tuple(map(float, range(len(order)))), tuple(mean.value for mean in means), low, high)
    note = "Bars: 95 % confidence intervals."
    yield Plot("Methods by PSNR", "", "PSNR (dB)", (series,), (note,), kind="points", categories=tuple(order))
    scored = [name for name in evaluation.methods if name in rows]
    along = [_series(evaluation, name, by="frame") for name in scored]
    yield Plot("Along the movie", "held-out frame", "PSNR (dB)", tuple(along))
    if len({round(target.t, 3) for target in evaluation.held_out.targets}) >= FEWEST_PLACES:
        places = [_series(evaluation, name, by="t") for name in scored]
        yield Plot("Place in the gap", "t, as a fraction of the gap", "PSNR (dB)", tuple(places))


def displacement_plots(errors: Sequence[DisplacementError], channels: Sequence[str]) -> Iterator[Plot]:
    """Yield the error against displacement for each channel."""
    by_channel: dict[int, dict[str, list[DisplacementError]]] = defaultdict(lambda: defaultdict(list))
    for one in errors:
        by_channel[one.channel][one.method].append(one)
    for channel, methods in by_channel.items():
        series = tuple(
            Series(
                method,
                tuple(one.displacement for one in found),
                tuple(100 * one.rmse for one in found),
                tuple(100 * one.rmse_low for one in found),
                tuple(100 * one.rmse_high for one in found),
            )
            for method, found in methods.items()
        )
        several = len(by_channel) > 1 and channel < len(channels)
        yield Plot(
            "Error against displacement" + (f", {channel_label(channels[channel])}" if several else ""),
            "displacement over the held-out gap (px)",
            "RMS error (% of range)",
            series,
            (CLASSES,),
        )


def overview_tables(evaluations: Sequence[Evaluation]) -> Iterator[Table]:
    """Yield for each rate the methods over all movies, which count alike."""
    for drop in dict.fromkeys(evaluation.drop for evaluation in evaluations):
        same = [evaluation for evaluation in evaluations if evaluation.drop == drop]
        rows = {name: summarise_movies(same, name) for name in HEADLINES}
        cells = tuple(
            (row.method, *_pair(row), *_pair(other)) for row, other in zip(rows["psnr"], rows["ssim"], strict=True)
        )
        columns = ("method", "PSNR (dB)", "against best classical", "SSIM", "against best classical")
        note = "In brackets: 95 % confidence interval over movies."
        yield Table(f"{len(same)} movies, 1 of {drop} frames kept", columns, cells, (note,))


def _headline_table(evaluation: Evaluation, rows: dict[str, dict[str, Row]], order: list[str]) -> Table:
    baseline = best_classical(evaluation, "psnr")
    runs = {run.method: run for run in evaluation.runs}
    cells: list[tuple[Cell, ...]] = []
    for name in order:
        run = runs.get(name)
        cost: tuple[Cell, ...] = (None, None, None)
        if run is not None:
            cost = (run.seconds_per_frame, None if math.isnan(run.peak_mb) else round(run.peak_mb), len(run.gaps))
        cells.append((name, *_pair(rows["psnr"][name]), *_pair(rows["ssim"][name]), *cost))
    columns = ("method", *_headings(evaluation), "s / frame", "peak MB", "gaps")
    notes = [INTERVALS, "Better and worse are said only where the interval of the paired difference excludes zero."]
    if baseline is None:
        notes.append("No classical method was run, so nothing is compared.")
    slow = [run.method for run in evaluation.runs if run.subset]
    if slow:
        notes.append(
            f"{', '.join(slow)}: too slow for the time, so a fixed, seeded choice of gaps; comparisons are on the"
            f" {len(evaluation.common_gaps())} gaps that all methods filled."
        )
    return Table("Methods", columns, tuple(cells), tuple(notes))


def _channel_table(evaluation: Evaluation, order: list[str]) -> Table:
    cells: list[tuple[Cell, ...]] = []
    for channel, label in enumerate(map(channel_label, evaluation.channels)):
        rows = {name: {row.method: row for row in summarise(evaluation, name, channel)} for name in HEADLINES}
        for method in order:
            if not math.isnan(rows["psnr"][method].mean.value):
                cells.append((label, method, *_pair(rows["psnr"][method]), *_pair(rows["ssim"][method])))
    columns = ("channel", "method", "PSNR (dB)", "against best classical", "SSIM", "against best classical")
    return Table("Channels", columns, tuple(cells), (INTERVALS,))


def _headings(evaluation: Evaluation) -> Iterator[str]:
    for name in HEADLINES:
        baseline = best_classical(evaluation, name)
        yield _labelled(name)
        yield f"against {baseline}" if baseline else "comparison"


def best_first(evaluation: Evaluation) -> list[str]:
    """Return the methods, best mean PSNR first."""
    return _best_first(evaluation, {row.method: row for row in summarise(evaluation, "psnr")})


def _best_first(evaluation: Evaluation, rows: dict[str, Row]) -> list[str]:
    def rank(name: str) -> float:
        value = rows[name].mean.value if name in rows else math.nan
        return math.inf if math.isnan(value) else -value

    return sorted(evaluation.methods, key=rank)


def _series(evaluation: Evaluation, method: str, by: str) -> Series:
    found: dict[float, list[float]] = defaultdict(list)
    for score in evaluation.scores:
        value = score.values.get("psnr", math.nan)
        if score.method == method and math.isfinite(value):
            found[float(score.frame) if by == "frame" else round(score.t, 3)].append(value)
    places = sorted(found)
    return Series(method, tuple(places), tuple(sum(found[x]) / len(found[x]) for x in places))


def _cells(found: Metric, rows: Sequence[Row]) -> tuple[Cell, ...]:
    name = f"{_labelled(found.name)}\n{found.note}" if found.note else _labelled(found.name)
    return (name, *(_estimate(row.mean) for row in rows))


def _pair(row: Row) -> tuple[Cell, Cell]:
    return _estimate(row.mean), _compared(row) if row.comparison else None


def _compared(row: Row) -> str:
    """Say how a method compares: by how much, and whether that is shown."""
    comparison = row.comparison
    if comparison is None:
        return ""
    return f"{comparison.verdict}, {_said(comparison.difference, row.metric, signed=True)}"


def _said(mean: Mean, name: str, *, signed: bool = False) -> str:
    unit = metric(name).unit
    digits = 2 if unit == "dB" else 4

    def text(value: float) -> str:
        return (f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}").replace("-", "−")

    ends = "" if math.isnan(mean.low) else f" ({text(mean.low)} to {text(mean.high)})"
    return f"{text(mean.value)}{' ' + unit if unit else ''}{ends}"


def _labelled(name: str) -> str:
    found = metric(name)
    return f"{found.label} ({found.unit})" if found.unit else found.label


def _estimate(mean: Mean) -> Estimate:
    if math.isnan(mean.low) or math.isnan(mean.high):
        return Estimate(mean.value)
    return Estimate(mean.value, mean.low, mean.high)
