"""The verdict on the best method of a held-out check, from what is seen while methods predict."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.quality.downstream import finite
from cafi.quality.metrics.ranges import grey
from cafi.quality.statistics import summarise
from cafi.quality.verdict import judge
from cafi.quality.warnings.gap import check
from cafi.report.scores import best_first

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from cafi.movie.model import Movie
    from cafi.quality.metrics import Range
    from cafi.quality.results import Evaluation, HeldOut, Target
    from cafi.quality.warnings.gap import GapCheck

    Plane = NDArray[np.float32]


class Judging:
    """Looks for reasons to distrust predictions, as `cafi interpolate` does, while a held-out check runs.

    Parameters
    ----------
    movie : Movie
    held_out : HeldOut
        With all targets.
    ranges : dict of int to Range
        Of each channel that is scored.
    frames : collection of int
        That may be looked at; of these the one nearest to the middle of each gap is.
    z : int
        The depth that is looked at.
    """

    def __init__(
        self, movie: Movie, held_out: HeldOut, ranges: dict[int, Range], frames: Collection[int], z: int
    ) -> None:
        self._movie, self._held_out, self._ranges, self._z = movie, held_out, ranges, z
        self._middles = _middles([target for target in held_out.targets if target.frame in frames])
        self._waiting: dict[tuple[str, int], dict[int, Plane]] = {}
        self._checks: dict[str, list[GapCheck]] = {}

    def take(self, method: str, target: Target, z: int, channel: int, prediction: NDArray[Any]) -> None:
        """Look at a predicted plane, shape (Y, X), in the movie's unit, once there are all channels of its frame."""
        if z != self._z or target.frame not in self._middles:
            return
        planes = self._waiting.setdefault((method, target.frame), {})
        planes[channel] = self._normalised(prediction, channel)
        if len(planes) == len(self._ranges):
            del self._waiting[method, target.frame]
            kept = self._held_out.kept
            before, after = (self._measured(kept[gap]) for gap in (target.gap, target.gap + 1))
            made = np.stack([planes[c] for c in self._ranges])
            with warnings.catch_warnings():
                # What is said of the flow that is looked at here is not said of the method.
                warnings.simplefilter("ignore", RuntimeWarning)
                found = check(before, after, target.t, made, target.gap, z)
            self._checks.setdefault(method, []).extend(found)

    def record(self, evaluation: Evaluation) -> dict[str, Any] | None:
        """Judge the method with the best mean PSNR, by what was seen and by its gain on held-out frames.

        Returns
        -------
        dict or None
            As the provenance keeps it; None where nothing of that method was looked at.
        """
        method = best_first(evaluation)[0]
        checks = self._checks.get(method)
        if not checks:
            return None
        found = judge(checks, method, len({one.gap for one in checks}), gain=_gain(evaluation, method))
        return found.as_dict() | {"of": method}

    def _measured(self, frame: int) -> NDArray[np.float32]:
        planes = {c: grey(self._movie.source.read(frame, c, self._z)) for c in self._ranges}
        return np.stack([self._normalised(plane, c) for c, plane in planes.items()])

    def _normalised(self, plane: NDArray[Any], channel: int) -> Plane:
        return np.asarray(self._ranges[channel].normalise(finite(plane)), np.float32)


def _middles(targets: list[Target]) -> set[int]:
    """The frame of each gap that lies nearest to its middle."""
    nearest: dict[int, Target] = {}
    for target in targets:
        best = nearest.get(target.gap)
        if best is None or abs(target.t - 0.5) < abs(best.t - 0.5):
            nearest[target.gap] = target
    return {target.frame for target in nearest.values()}


def _gain(evaluation: Evaluation, method: str) -> float | None:
    """Return the PSNR over that of linear blending in dB, if both were run."""
    means = {row.method: row.mean.value for row in summarise(evaluation, "psnr")}
    gain = means[method] - means.get("linear", np.nan)
    return float(gain) if method != "linear" and np.isfinite(gain) else None
