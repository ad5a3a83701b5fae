"""What the downstream checks of several movies found: in a file for programs, in tables for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.quality.downstream import ChannelTracking, Downstream, SegmentationRow
from cafi.quality.overview import Table
from cafi.quality.tracking.check import TrackingRow
from cafi.quality.tracking.measures import TrackingMeasures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = "downstream.json"
VERSION = 1


@dataclass(frozen=True)
class Checked:
    """The downstream checks of one movie at one rate.

    Attributes
    ----------
    movie : str
    drop : int
        Every ``drop``-th frame was kept.
    found : Downstream
    """

    movie: str
    drop: int
    found: Downstream


def write_downstream(folder: Path, checked: Sequence[Checked]) -> Path:
    """Write them to ``folder/downstream.json``, which appears whole, and return its path."""
    path, unfinished = folder / FILE, folder / (FILE + ".partial")
    described = {"version": VERSION, "checks": as_json(checked)}
    unfinished.write_text(json.dumps(described, allow_nan=False), encoding="utf-8")
    unfinished.replace(path)
    return path


def read_downstream(folder: Path) -> tuple[Checked, ...]:
    """Read what `write_downstream` wrote; nothing where there is no such file.

    Raises
    ------
    CafiError
        If the file is none of this version.
    """
    path = folder / FILE
    if not path.exists():
        return ()
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        if described["version"] != VERSION:
            raise CafiError(f"{path} is of another version of cafi; run `cafi evaluate` again.")
        return tuple(Checked(one["movie"], one["drop"], _found(one["found"])) for one in described["checks"])
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise CafiError(f"{path} cannot be read as downstream checks; run `cafi evaluate` again.") from error


def as_json(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """Return them as JSON-serialisable values; what is NaN becomes None."""
    return [_plain(asdict(one)) for one in checked]


def tables(checked: Sequence[Checked]) -> tuple[Table, ...]:
    """Return a table of tracking and one of segmentation for each movie and rate."""
    return tuple(table for one in checked for table in (*_tracking(one), *_segmentation(one)))


def _tracking(checked: Checked) -> list[Table]:
    columns = (
        "frames",
        "alpha",
        "beta",
        "JSC",
        "JSC theta",
        "RMSE, px",
        "alpha, kept frames",
        "tracks",
        "spots kept/held out",
    )
    found = []
    for one in checked.found.tracking:
        title = (
            f"{checked.movie}, --drop {checked.drop}, channel {one.channel}: tracking of spots of {one.spot_diameter:.3g} px,"
            f" against tracks at full rate"
        )
        rows = [
            (
                row.of,
                *(f"{value:.3f}" for value in row.all_frames.as_dict().values()),
                f"{row.acquired_frames.alpha:.3f}",
                row.tracks,
                f"{row.spots_acquired:.1f} / {_shown(row.spots_interpolated, 1)}",
            )
            for row in one.rows
        ]
        found.append(Table(title, columns, tuple(rows)))
    return found


def _segmentation(checked: Checked) -> list[Table]:
    if not checked.found.segmentation:
        return []
    columns = (
        "channel",
        "frames",
        "Dice",
        "average precision",
        "objects predicted",
        "objects measured",
        "objects in kept frames",
    )
    rows = [
        (
            row.channel,
            row.of,
            _shown(row.dice, 3),
            _shown(row.average_precision, 3),
            _shown(row.count, 1),
            _shown(row.true_count, 1),
            f"{row.acquired_count:.1f}",
        )
        for row in checked.found.segmentation
    ]
    title = f"{checked.movie}, --drop {checked.drop}: segmentation of held-out frames"
    return [Table(title, columns, tuple(rows))]


def _shown(value: float, digits: int) -> str:
    return "-" if value != value else f"{value:.{digits}f}"


def _found(found: dict[str, Any]) -> Downstream:
    return Downstream(
        tracking=tuple(_channel(one) for one in found["tracking"]),
        segmentation=tuple(SegmentationRow(**_numbers(row)) for row in found["segmentation"]),
        notes=tuple(found["notes"]),
    )


def _channel(found: dict[str, Any]) -> ChannelTracking:
    rows = tuple(
        TrackingRow(
            **_numbers(row)
            | {name: TrackingMeasures(**_numbers(row[name])) for name in ("all_frames", "acquired_frames")}
        )
        for row in found["rows"]
    )
    return ChannelTracking(**found | {"rows": rows})


def _numbers(found: dict[str, Any]) -> dict[str, Any]:
    """Undo `_plain` for numbers."""
    return {key: float("nan") if value is None else value for key, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and value != value else value
