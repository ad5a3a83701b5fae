"""Watching a held-out check for its report: keeps frames, and how the error grows with displacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cafi.quality.displacement import DisplacementCheck, write_displacement_errors
from cafi.report.evaluated import displacement_path, footage_path
from cafi.report.footage import FOLDER, write_footage
from cafi.report.keeping import start_keeping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.quality.results import Target
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
        self._keeper = start_keeping(check.movie, check.held_out, check.ranges, methods)
        self._moved = DisplacementCheck(check.movie, check.held_out, check.ranges)

    def listener(self, method: str, also: OnScored | None = None) -> OnScored:
        """Return what is to be told of each plane of a method that was scored; it tells ``also`` in turn."""

        def listen(target: Target, z: int, channel: int, truth: NDArray[Any], prediction: NDArray[Any]) -> None:
            self._keeper.take(method, target, z, channel, prediction)
            self._moved.take(method, target, z, channel, truth, prediction)
            if also is not None:
                also(target, z, channel, truth, prediction)

        return listen

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
