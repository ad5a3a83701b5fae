"""Intervals of one method in a held-out check: calibrated as for a run, and made for the frames that are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cafi.engine.interpolation import prepare
from cafi.engine.lanes import threads_for
from cafi.engine.windows import Window, work
from cafi.quality.intervals.calibration import MOST_GAPS, calibrate, interval
from cafi.quality.intervals.features import measure
from cafi.quality.intervals.sampling import collect, usual_pixels
from cafi.quality.prediction import fitted
from cafi.quality.sampled import chosen_gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from numpy.typing import NDArray

    from cafi.engine.options import EngineOptions
    from cafi.engine.predicting import Predictor
    from cafi.engine.windows import Slot
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.frames import FrameTable
    from cafi.quality.intervals.calibration import Calibration
    from cafi.quality.results import Target
    from cafi.quality.scoring import Check


@dataclass(frozen=True)
class HeldOutIntervals:
    """What calibration on a held-out check found for one method.

    Attributes
    ----------
    check : Check
    predictor : Predictor
    table : FrameTable
        Of all held-out frames.
    channels : tuple of Calibration or None
        One for each channel and sample; None where there is too little.
    """

    check: Check
    predictor: Predictor
    table: FrameTable
    channels: tuple[Calibration | None, ...]

    def widths(self, frames: Collection[int], z: int) -> Iterator[tuple[Target, list[NDArray[np.float64] | None]]]:
        """Yield upper minus lower bound of held-out frames at one depth, for each channel and sample.

        Parameters
        ----------
        frames : collection of int
            Which of the held-out frames.
        z : int

        Yields
        ------
        Target
        list of ndarray, shape (Y, X), or None
            In the movie's unit.
        """
        check = self.check
        seen, targets = check.seen, check.held_out.targets
        pixels = usual_pixels(seen, range(seen.header.size.t), check.normalisation)
        context = self.predictor.interpolator.context

        def unwanted(slot: Slot) -> bool:
            return slot.z != z or targets[slot.t].frame not in frames

        for item in work(seen, self.table, check.normalisation, context, unwanted):
            if not isinstance(item, Window):
                continue
            with threads_for(self.predictor.interpolator):
                made = self.predictor.estimate([item])
            around = np.stack([frame.normalised for frame in item.frames])
            planes: list[NDArray[np.float64] | None] = []
            for c, found in enumerate(self.channels):
                if found is None:
                    planes.append(None)
                    continue
                mean, scale = made.mean[0, c], None if made.scale is None else made.scale[0, c]
                features = measure(around[:, c], item.t, mean, scale, None if pixels is None else pixels[c])
                low, high = interval(found.model, found.widening, features)
                planes.append((high - low).reshape(mean.shape) * check.normalisation.scale[c])
            yield targets[item.slot.t], planes


def calibrate_held_out(
    check: Check, interpolator: Interpolator, on_progress: Callable[[int, int], None]
) -> HeldOutIntervals:
    """Calibrate the intervals of a method on the held-out frames of a check, as `cafi interpolate` would.

    Parameters
    ----------
    check : Check
    interpolator : Interpolator
    on_progress : callable
        Called with how many frames are done and how many there are.
    """
    options: EngineOptions = check.options
    method, table = fitted(interpolator, check.movie, check.held_out)
    predictor = prepare(method, check.seen.header, options)
    chosen = chosen_gaps(check.held_out, MOST_GAPS)
    samples = collect(predictor, check.movie, chosen, check.normalisation, on_progress)
    return HeldOutIntervals(check, predictor, table, tuple(calibrate(channel) for channel in samples))
