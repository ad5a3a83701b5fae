"""What other checks left in the record of a run: verdict, warnings, coverage of intervals, tracking, segmentation.

They are plain values there, so that each check may be absent, and older records can be read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from cafi.quality.downstream_tables import tables
from cafi.quality.verdict import reason_in_words
from cafi.report.data import Caution, Plot, Series, Table, Verdict, Word, channel_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cafi.quality.results import Evaluation

RESULTS = ("verdict", "intervals", "intervals_of", "downstream")
LONGER = "Measured on held-out gaps, which are longer than the gaps that are really filled."


def how_made(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without what checks found, which the page shows by itself."""
    return {key: value for key, value in record.items() if key not in RESULTS}


def verdict_of(record: dict[str, Any]) -> Verdict | None:
    """Return the verdict of a record, if it has one."""
    found = record.get("verdict")
    if not isinstance(found, dict) or found.get("word") not in get_args(Word):
        return None
    of = (f"It is about {found['of']}, the best method here.",) if "of" in found else ()
    return Verdict(found["word"], (*of, *(_sentence(reason) for reason in found.get("reasons", ()))))


def cautions_of(record: dict[str, Any], kept: Sequence[int] | None = None) -> Iterator[Caution]:
    """Yield the gaps whose frames are doubtful or bad, and why.

    Parameters
    ----------
    record : dict
    kept : sequence of int, optional
        Of a held-out check: the frames between which its gaps lie.
    """
    for found in (record.get("verdict") or {}).get("gaps", ()):
        why = "; ".join(reason_in_words(reason) for reason in found["reasons"])
        place = found.get("place")
        where = f" (near y = {place[0]}, x = {place[1]})" if place else ""
        ends = (found["gap"] + i if kept is None else kept[found["gap"] + i] for i in (0, 1))
        yield Caution("frames {} to {}".format(*ends), f"{found['level'].capitalize()}: {why}{where}.")


def _sentence(words: str) -> str:
    """Begin with a capital and end with a full stop; a method's name keeps its letters."""
    return words if words.endswith(".") else f"{words[:1].upper()}{words[1:]}."


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


def downstream_tables(evaluation: Evaluation) -> Iterator[Table]:
    """Yield the tracking and the segmentation check."""
    prefix = f"{Path(evaluation.movie).name}, --drop {evaluation.drop}"
    for one in tables([evaluation]):
        title = one.title.removeprefix(prefix).lstrip(",: ")
        title = f"tracking, {title}" if title.startswith("channel") else title
        yield Table(_sentence(title).rstrip("."), one.columns, one.rows)  # type: ignore[arg-type]
