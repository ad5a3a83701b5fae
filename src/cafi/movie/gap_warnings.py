"""Warnings, at no cost, about gaps that would be filled from a faulty frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cafi.movie.plane_report import FAULTS, Fault, Place, faults_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cafi.movie.frames import Axis, FrameTable
    from cafi.movie.plane_report import PlaneReport

_SINGULAR: dict[Fault, str] = {
    "missing": "is missing in the file",
    "blank": "is blank",
    "duplicated": "is a copy of the frame before it",
    "saturated": "is saturated",
    "nonfinite": "has NaN or infinite pixels",
}
_PLURAL: dict[Fault, str] = {
    "missing": "are missing in the file",
    "blank": "are blank",
    "duplicated": "are copies of the frames before them",
    "saturated": "are saturated",
    "nonfinite": "have NaN or infinite pixels",
}
_RUNS_SHOWN = 8


def gap_warnings(
    reports: Mapping[tuple[int, int, int], PlaneReport],
    frames: FrameTable,
    channel_names: Sequence[str | None] = (),
) -> tuple[str, ...]:
    """Say which predicted frames lie beside a blank, duplicated, saturated or missing one.

    Parameters
    ----------
    reports : mapping of (t, c, z) to PlaneReport
        Of the acquired planes that were read, gathered in any order.
    frames : FrameTable
        Of the output.
    channel_names : sequence of str or None
        Channels without a name are told by their number.

    Returns
    -------
    tuple of str
        One sentence for each channel and fault, such as 'Frames 3, 7 and 12 of channel GFP are
        blank: 6 predicted frames beside them are not to be trusted.'
    """
    depths = len({place[2] if frames.axis == "t" else place[0] for place in reports})
    found: dict[tuple[int, Fault], dict[int, list[PlaneReport]]] = {}
    for t, c, z in sorted(reports):
        report = reports[t, c, z]
        for fault in faults_of(report, reports.get(before(Place(t, c, z), frames.axis))):
            along = t if frames.axis == "t" else z
            found.setdefault((c, fault), {}).setdefault(along, []).append(report)
    sentences = []
    for c, fault in sorted(found, key=lambda key: (key[0], FAULTS.index(key[1]))):
        planes = found[c, fault]
        spoiled = _predicted_beside(frames, list(planes))
        if spoiled:
            partly = any(len(group) < depths for group in planes.values())
            channel = (channel_names[c] if c < len(channel_names) else None) or str(c)
            worst = max(report.saturated_fraction for group in planes.values() for report in group)
            sentences.append(_sentence(fault, list(planes), channel, spoiled, worst, partly=partly))
    return tuple(sentences)


def before(place: Place, axis: Axis) -> Place:
    """Return the place of the plane one frame earlier (or one slice deeper)."""
    return place._replace(t=place.t - 1) if axis == "t" else place._replace(z=place.z - 1)


def _predicted_beside(frames: FrameTable, faulty: list[int]) -> int:
    """Count the predicted frames whose gap begins or ends at a faulty frame."""
    ends = np.isin(frames.left, faulty) | np.isin(frames.left + 1, faulty)
    return int(np.count_nonzero(ends & frames.between))


def _sentence(fault: Fault, faulty: list[int], channel: str, spoiled: int, worst: float, *, partly: bool) -> str:
    one = len(faulty) == 1
    what = (_SINGULAR if one else _PLURAL)[fault]
    if partly:
        what += " in some of the planes"
    if fault == "saturated":
        what += f" (up to {100 * worst:.2g} % of the pixels have the largest possible value)"
    subject = f"Frame {faulty[0]}" if one else f"Frames {listed(faulty)}"
    predicted = "1 predicted frame" if spoiled == 1 else f"{spoiled} predicted frames"
    return (
        f"{subject} of channel {channel} {what}: {predicted} beside {'it' if one else 'them'}"
        f" {'is' if spoiled == 1 else 'are'} not to be trusted."
    )


def listed(numbers: Sequence[int]) -> str:
    """Tell ascending numbers compactly, such as '3, 7-9 and 12'."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    if len(words) > _RUNS_SHOWN:
        left = sum(len(run) for run in runs[_RUNS_SHOWN - 1 :])
        words = [*words[: _RUNS_SHOWN - 1], f"{left} more"]
    text = ", ".join(words)
    return " and ".join(text.rsplit(", ", 1))
