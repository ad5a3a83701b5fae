"""Warnings, at no cost, about gaps that would be filled from a faulty frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cafi.movie.plane_report import FAULTS, Fault, Place, PlaneReport, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cafi.movie.frames import Axis, FrameTable

    Reports = Mapping[tuple[int, int, int], PlaneReport]

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
_ADJECTIVES: dict[Fault, str] = {
    "missing": "missing",
    "blank": "blank",
    "duplicated": "repeated",
    "saturated": "saturated",
}
_RUNS_SHOWN = 8
MOSTLY = 0.5  # of the pixels: with fewer saturated ones, what moves is still seen in the others


@dataclass(frozen=True)
class Untrusted:
    """Predicted planes that are not to be trusted, because an end of their gap is faulty.

    Attributes
    ----------
    count, of : int
        Such planes, and all predicted ones, over channels and depths.
    faults : tuple of Fault
        Of the acquired planes beside them.
    each : int
        Planes in a frame.
    """

    count: int
    of: int
    faults: tuple[Fault, ...]
    each: int = 1

    @property
    def share(self) -> float:
        """Of all predicted planes; 0 where there is none."""
        return self.count / max(self.of, 1)

    def sentence(self) -> str:
        """Say it as a reason, without a full stop."""
        what = "frames" if self.each == 1 else "planes"
        faulty = _joined([_ADJECTIVES[fault] for fault in self.faults])
        return f"{self.count} of {self.of} predicted {what} lie beside {faulty} acquired ones"


def untrusted(reports: Reports, frames: FrameTable) -> Untrusted:
    """Count the predicted planes beside a missing, blank, repeated or mostly saturated one.

    Parameters
    ----------
    reports : mapping of (t, c, z) to PlaneReport
    frames : FrameTable
        Of the output.

    Returns
    -------
    Untrusted
    """
    along = 0 if frames.axis == "t" else 2
    stacks: dict[tuple[int, int], list[int]] = {(place[1], place[2 - along]): [] for place in reports}
    faults: set[Fault] = set()
    for place, fault, report in _faulty(reports, frames.axis):
        if _spoils(fault, report):
            stacks[place.c, place[2 - along]].append(place[along])
            faults.add(fault)
    count = sum(_predicted_beside(frames, faulty) for faulty in stacks.values())
    of = len(stacks) * int(np.count_nonzero(frames.between))
    return Untrusted(count, of, tuple(fault for fault in FAULTS if fault in faults), len(stacks))


def _faulty(reports: Reports, axis: Axis) -> Iterator[tuple[Place, Fault, PlaneReport]]:
    for place in map(Place._make, sorted(reports)):
        report = reports[place]
        for fault in faults_of(report, reports.get(before(place, axis))):
            yield place, fault, report


def _spoils(fault: Fault, report: PlaneReport) -> bool:
    """Whether what is predicted from a plane with this fault is not to be trusted as a whole."""
    return report.saturated_fraction >= MOSTLY if fault == "saturated" else fault != "nonfinite"


def gap_warnings(reports: Reports, frames: FrameTable, channel_names: Sequence[str | None] = ()) -> tuple[str, ...]:
    """Say which predicted frames lie beside a blank, duplicated, saturated or missing one, and what follows.

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
    for (t, c, z), fault, report in _faulty(reports, frames.axis):
        found.setdefault((c, fault), {}).setdefault(t if frames.axis == "t" else z, []).append(report)
    sentences = []
    for c, fault in sorted(found, key=lambda key: (key[0], FAULTS.index(key[1]))):
        planes = found[c, fault]
        spoiled = _predicted_beside(frames, list(planes))
        if spoiled:
            partly = any(len(group) < depths for group in planes.values())
            channel = (channel_names[c] if c < len(channel_names) else None) or str(c)
            worst = max((one for group in planes.values() for one in group), key=lambda one: one.saturated_fraction)
            sentences.append(_sentence(fault, list(planes), channel, spoiled, worst, partly=partly))
    return tuple(sentences)


def before(place: Place, axis: Axis) -> Place:
    """Return the place of the plane one frame earlier (or one slice deeper)."""
    return place._replace(t=place.t - 1) if axis == "t" else place._replace(z=place.z - 1)


def _predicted_beside(frames: FrameTable, faulty: list[int]) -> int:
    """Count the predicted frames whose gap begins or ends at a faulty frame."""
    ends = np.isin(frames.left, faulty) | np.isin(frames.left + 1, faulty)
    return int(np.count_nonzero(ends & frames.between))


def _sentence(fault: Fault, faulty: list[int], channel: str, spoiled: int, worst: PlaneReport, *, partly: bool) -> str:
    one = len(faulty) == 1
    what = faulty_frames(fault, faulty, channel)
    if partly:
        what += " in some of the planes"
    if fault == "saturated":
        what += f" (up to {100 * worst.saturated_fraction:.2g} % of the pixels have the largest possible value)"
    predicted = "1 predicted frame" if spoiled == 1 else f"{spoiled} predicted frames"
    beside = f"{predicted} beside {'it' if one else 'them'}"
    if _spoils(fault, worst):
        follows = f"{beside} {'is' if spoiled == 1 else 'are'} not to be trusted"
    elif fault == "saturated":
        follows = f"there intensities are too low, in {beside} too"
    else:
        follows = f"such pixels are NaN in {beside}"
    return f"{what}: {follows}."


def faulty_frames(fault: Fault, faulty: Sequence[int], channel: str) -> str:
    """Say which frames of a channel have a fault, such as 'Frames 3 and 7 of channel GFP are blank'."""
    if len(faulty) == 1:
        return f"Frame {faulty[0]} of channel {channel} {_SINGULAR[fault]}"
    return f"Frames {listed(faulty)} of channel {channel} {_PLURAL[fault]}"


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
    return _joined(", ".join(words).split(", "))


def _joined(words: Sequence[str]) -> str:
    return " and ".join(", ".join(words).rsplit(", ", 1))
