"""What a run says about its intervals: figures for the provenance, sentences for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cafi.quality.intervals.calibration import LEAST_GAPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cafi.quality.intervals.calibration import Calibration

TOO_SHORT = (
    "The movie is too short to calibrate intervals: {gaps} of its gaps can be held out, {least} are needed;"
    " it was {done} without them."
)


def too_short(gaps: int, done: str = "interpolated") -> str:
    """Say that a movie has too few gaps to hold out, and what was done without intervals."""
    return TOO_SHORT.format(gaps=gaps, least=LEAST_GAPS, done=done)


def summary(calibrations: Sequence[Calibration | None]) -> list[dict[str, Any] | None]:
    """Return the figures of each channel as JSON-serialisable values, without the model."""
    return [None if c is None else _figures(c) for c in calibrations]


def _figures(found: Calibration) -> dict[str, Any]:
    # Lists, as they come back from a file.
    model = ("model", "widening")
    return {k: list(v) if isinstance(v, tuple) else v for k, v in found.as_dict().items() if k not in model}


def sentences(calibrations: Sequence[Calibration | None], names: Sequence[str]) -> tuple[str, ...]:
    """Say how often the intervals of each channel held what they promise, and what that means.

    Parameters
    ----------
    calibrations : sequence of Calibration or None
        One for each channel.
    names : sequence of str
    """
    told = [_sentence(c, name) for c, name in zip(calibrations, names, strict=True)]
    if any(c is not None for c in calibrations):
        told.append("Held-out gaps are longer than the gaps that were filled: intervals are, if anything, too wide.")
    return tuple(told)


def _sentence(found: Calibration | None, name: str) -> str:
    if found is None:
        return f"Channel {name} has too few frames with pixels that vary to calibrate intervals; theirs are NaN."
    left_out = ""
    if found.constant + found.saturated > 0:
        left_out = (
            f" {found.constant:.1%} of the pixels, which are constant, and {found.saturated:.1%}, which are saturated,"
            " were left out."
        )
    return (
        f"Intervals of channel {name}, of nominally {found.level:.0%}, held {found.coverage:.1%} of the measured"
        f" values in {found.gaps} held-out gaps (at least {min(found.by_intensity):.0%} in every tenth of the"
        f" intensities, {min(found.by_motion):.0%} of the motion).{left_out}"
    )
