"""Runs that break while their loss is still a number: how that is known, and where they were sound last."""

from __future__ import annotations

import copy
import math
import warnings
from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from cafi.training.checkpoints import Progress

BROKEN = 0.5  # of the validation's loss above its best: a run that lost so much did not come back by itself
RETURNS = 3  # after so many it was not the rate that broke the run


class Soundness:
    """The last state of a run that validation found sound."""

    def __init__(self) -> None:
        self._states: list[dict[str, Tensor]] = []
        self._progress: Progress | None = None
        self._returns, self._best = 0, math.inf

    def breaks(self, loss: float) -> bool:
        """Tell whether a loss on validation is so far above the best before that the run is lost.

        Only what was seen since this piece of the run began counts: before, the recipe may have been another.
        """
        broken = not loss <= self._best + BROKEN  # what is no number breaks too
        self._best = self._best if broken else min(self._best, loss)
        return broken

    def remember(self, networks: Sequence[nn.Module], progress: Progress) -> None:
        """Keep the state of now as one to which the run may return."""
        self._states = [
            {name: value.detach().clone() for name, value in network.state_dict().items()} for network in networks
        ]
        self._progress = copy.copy(progress)

    def restore(self, networks: Sequence[nn.Module], progress: Progress) -> None:
        """Return to the last sound state; the rate falls.

        Parameters
        ----------
        networks : sequence of Module
            As they were remembered; changed in place.
        progress : Progress
            Changed in place; time that was spent stays spent.

        Raises
        ------
        CafiError
            If there is no such state, or the run has returned too often.
        """
        at = progress.step
        if self._progress is None or self._returns >= RETURNS:
            raise CafiError(
                f"The run is lost: its validation broke before step {at}; lower the recipe's rate, and begin anew in"
                " another folder or from an older copy of its checkpoint."
            )
        self._returns += 1
        for network, state in zip(networks, self._states, strict=True):
            network.load_state_dict(state)
        kept = {"seconds": progress.seconds, "falls": progress.falls + 1}
        vars(progress).update(vars(self._progress) | kept)
        warnings.warn(
            f"Validation broke before step {at}; the run goes on from step {progress.step} with a lower rate.",
            RuntimeWarning,
            stacklevel=2,
        )
