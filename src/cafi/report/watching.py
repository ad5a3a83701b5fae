"""Watching a held-out check for its report: keeps frames, and how the error grows with displacement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cafi.quality.displacement import DisplacementCheck, write_displacement_errors
from cafi.quality.intervals import report as told
from cafi.quality.intervals.held_out import calibrate_held_out
from cafi.report.evaluated import displacement_path, footage_path
from cafi.report.footage import FOLDER, write_footage
from cafi.report.judging import Judging
from cafi.report.keeping import start_keeping
from cafi.report.scores import best_first

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.interpolators.protocol import Interpolator
    from cafi.quality.results import Evaluation, Target
    from cafi.quality.scoring import Check

    OnScored = Callable[[Target, int, int, NDArray[Any], NDArray[Any]], None]


class Watching:
    """What a report needs of the frames of one movie at one rate, gathered while methods are scored.

    Parameters
    ----------
    check : Check
    methods : int
        How many will predict.
    """

    def __init__(self, check: Check, methods: int) -> None:
        self._check = check
        self._keeper = start_keeping(check.movie, check.held_out, check.ranges, methods)
        self._judging = Judging(check.movie, check.held_out, check.ranges, self._keeper.frames, self._keeper.z)
        self._moved = DisplacementCheck(check.movie, check.held_out, check.ranges)

    def listener(self, method: str, also: OnScored | None = None) -> OnScored:
        """Return what is to be told of each plane of a method that was scored; it tells ``also`` in turn."""

        def listen(target: Target, z: int, channel: int, truth: NDArray[Any], prediction: NDArray[Any]) -> None:
            self._keeper.take(method, target, z, channel, prediction)
            self._judging.take(method, target, z, channel, prediction)
            self._moved.take(method, target, z, channel, truth, prediction)
            if also is not None:
                also(target, z, channel, truth, prediction)

        return listen

    def judge(self, evaluation: Evaluation) -> Evaluation:
        """Add the verdict on the best method, where there can be one."""
        found = self._judging.record(evaluation)
        return (
            evaluation if found is None else replace(evaluation, provenance=evaluation.provenance | {"verdict": found})
        )

    def calibrate(
        self, evaluation: Evaluation, methods: Sequence[Interpolator], on_progress: Callable[[int, int], None]
    ) -> Evaluation:
        """Calibrate the intervals of the method with the best mean PSNR, and keep them for the frames that are shown.

        Returns
        -------
        Evaluation
            With how the intervals did; of a movie that is too short, with a note that says so.
        """
        method = best_first(evaluation)[0]
        found = calibrate_held_out(self._check, next(one for one in methods if one.name == method), on_progress)
        if not any(found.channels):
            note = told.too_short(len(self._check.held_out.gaps), "evaluated")
            return replace(evaluation, notes=(*evaluation.notes, note))
        if self._check.movie.header.samples == 1:
            for target, planes in found.widths(self._keeper.frames, self._keeper.z):
                for channel in self._check.ranges:
                    if (width := planes[channel]) is not None:
                        self._keeper.take_width(method, target, channel, width)
        record = {"intervals": told.summary(found.channels), "intervals_of": method}
        return replace(evaluation, provenance=evaluation.provenance | record)

    def write(self, folder: Path, index: int, evaluation_of: str, drop: int) -> None:
        """Write what was gathered into the folder of results; see `cafi.report.evaluated.part_name`."""
        if not self._keeper.planes:
            return
        write_footage(self._keeper.footage(), footage_path(folder, index, evaluation_of, drop))
        write_displacement_errors(displacement_path(folder, index, evaluation_of, drop), self._moved.result())


def forget(folder: Path) -> None:
    """Remove what an earlier check left in a folder, so that it is not taken for what a new one found."""
    for pattern in ("*.npz", "*.displacement.csv"):
        for path in (folder / FOLDER).glob(pattern):
            path.unlink()
