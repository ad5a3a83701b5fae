"""What other checks left in the record of a run: verdict, warnings, coverage of intervals, tracking, segmentation.

They are plain values there, so that each check may be absent, and older records can be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from cafi.report.data import Caution, Plot, Series, Table, Verdict, Word, channel_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cafi.report.data import Cell

LONGER = "Measured on held-out gaps, which are longer than the gaps that are really filled."


def verdict_of(record: dict[str, Any]) -> Verdict | None:
    """Return the verdict of a record, if it has one."""
    found = record.get("verdict")
    if not isinstance(found, dict) or found.get("word") not in get_args(Word):
        return None
    return Verdict(found["word"], tuple(found.get("reasons", ())))


def cautions_of(record: dict[str, Any]) -> Iterator[Caution]:
    """Yield the warnings of a record: where, and the reason."""
    for found in record.get("warnings", ()):
        if not isinstance(found, dict):
            yield Caution("movie", str(found))
            continue
        gap = found.get("gap")
        where = "movie" if gap is None else f"gap {gap}–{gap + 1}"
        yield Caution(str(found.get("where", where)), str(found.get("reason", found.get("kind", ""))))


def coverage_plots(record: dict[str, Any], channels: Sequence[str]) -> Iterator[Plot]:
    """Yield the measured coverage of intervals by decile of intensity and of motion, for each channel."""
    found = record.get("intervals") or ()
    calibrations = list(found.values()) if isinstance(found, dict) else list(found)
    for c, one in enumerate(calibrations):
        if not isinstance(one, dict) or "coverage" not in one:
            continue
        level, several = one["level"], len(calibrations) > 1 and c < len(channels)
        series = tuple(
            Series(name, tuple(10.0 * i + 5 for i in range(len(one[key]))), tuple(100 * share for share in one[key]))
            for name, key in (("predicted intensity", "by_intensity"), ("estimated motion", "by_motion"))
        )
        narrower = 100 * (1 - one["score_ratio"])
        of = f"Of {record['intervals_of']}: " if "intervals_of" in record else ""
        yield Plot(
            "Coverage of the intervals" + (f", {channel_label(channels[c])}" if several else ""),
            "percentile of intensity or motion",
            "measured values inside (%)",
            series,
            (
                f"{of}{100 * one['coverage']:.1f} % of all measured values lay inside (promised: {100 * level:.0f} %,"
                f" dashed), cross-validated over blocks of time on {one['gaps']} held-out planes; the interval score is"
                f" {abs(narrower):.0f} % {'below' if narrower >= 0 else 'above'} that of one constant width.",
                LONGER,
            ),
            target=100 * level,
        )


def downstream_tables(record: dict[str, Any], channels: Sequence[str]) -> Iterator[Table]:
    """Yield the tracking and the segmentation check."""
    found = record.get("downstream") or {}
    for one in found.get("tracking", ()):
        yield _plain_table(_titled("Tracking of spots", one.get("channel"), channels), one["rows"])
    if found.get("segmentation"):
        yield _plain_table("Segmentation", found["segmentation"])


def _titled(title: str, channel: int | None, channels: Sequence[str]) -> str:
    several = channel is not None and len(channels) > 1
    return f"{title}, {channel_label(channels[channel])}" if several and channel is not None else title


def _plain_table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    """Show records as they are: those of one kind, one column for each entry."""
    flat = [dict(_flat(row)) for row in rows]
    names = list(flat[0]) if flat else []
    return Table(title, tuple(names), tuple(tuple(row.get(name) for name in names) for row in flat))


def _flat(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Cell]]:
    for key, value in row.items():
        name = prefix + key.replace("_", " ")
        if isinstance(value, dict):
            yield from _flat(value, f"{name}: ")
        else:
            yield name, value if value is None or isinstance(value, str | int | float) else str(value)
