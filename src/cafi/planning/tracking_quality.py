"""The quality of tracking against interval: alpha of the predicted frames, against tracks at full rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cafi.errors import CafiError
from cafi.planning.measuring import GapScore
from cafi.quality.downstream import finite
from cafi.quality.tracking.check import tracks_of
from cafi.quality.tracking.linking import greatest_step
from cafi.quality.tracking.measures import alpha_by_frame
from cafi.quality.tracking.spots import make_detector, sample_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cafi.engine.options import EngineOptions
    from cafi.interpolators.protocol import Interpolator
    from cafi.planning.measuring import Pilot

    Grey = NDArray[np.float64]


class TrackedPilot:
    """A pilot movie with its tracks at full rate, in its first channel that shows anything.

    Raises
    ------
    CafiError
        If laptrack is missing, or no track of two spots is found.
    """

    def __init__(self, pilot: Pilot) -> None:
        self._pilot, self._channel = pilot, pilot.channels[0]
        self._detector = make_detector([pilot.plane(frame, self._channel) for frame in sample_of(pilot.count)])
        self._spots = [self._detector.find(pilot.plane(frame, self._channel)) for frame in range(pilot.count)]
        self._step = greatest_step(self._spots)
        self._truth = tracks_of(self._spots, self._step)
        if not self._truth.count:
            raise CafiError(
                f"{pilot.movie.path or pilot.movie.header.name} shows no spots that could be tracked; take another"
                " bound of quality, such as 'ssim>=0.9'."
            )

    def measure_gaps(
        self,
        method: Interpolator,
        interval: int,
        count: int,
        engine: EngineOptions | None = None,
        on_frame: Callable[[], None] | None = None,
    ) -> list[GapScore]:
        """Track with predicted frames in the first ``count`` gaps of this length; mean alpha of those in each gap."""
        starts = [i * interval for i in range(min(count, (len(self._spots) - 1) // interval))]
        mixed = list(self._spots)
        inside: dict[int, list[int]] = {}
        for start, frame, mean in self._pilot.predicted(method, interval, starts, engine):
            mixed[frame] = self._detector.find(finite(mean[self._channel]))
            inside.setdefault(start, []).append(frame)
            if on_frame is not None:
                on_frame()
        alpha = alpha_by_frame(self._truth, tracks_of(mixed, self._step), len(mixed))
        told = {start: alpha[frames][np.isfinite(alpha[frames])] for start, frames in sorted(inside.items())}
        return [GapScore(method.name, interval, start, float(v.mean())) for start, v in told.items() if v.size]
