"""Runs that break while their loss is still a number: how that is known, and where they were best."""

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
    """The best state of a run by validation, to which it returns when it breaks.

    Not the latest sound one: a run that drifts away slowly would break again at once.

    Attributes
    ----------
    broken, better : bool
        What the latest loss on validation says of the run: lost, or better than ever.
    """

    def __init__(self) -> None:
        self.broken = self.better = False
        self._states: list[dict[str, Tensor]] = []
        self._progress: Progress | None = None
        self._returns, self._best = 0, math.inf

    @property
    def spent(self) -> bool:
        """Whether the run has broken so often that it shall end."""
        return self._returns > RETURNS

    def judge(self, loss: float) -> None:
        """Note a loss on validation.

        Only what was seen since this piece of the run began counts: before, the recipe may have been another.
        """
        self.broken = not loss <= self._best + BROKEN  # what is no number breaks too
        self.better = loss < self._best
        if self.better:
            self._best = loss

    def remember(self, networks: Sequence[nn.Module], progress: Progress) -> None:
        """Keep the state of now as the one to which the run may return."""
        self._states = [
            {name: value.detach().clone() for name, value in network.state_dict().items()} for network in networks
        ]
        self._progress = copy.copy(progress)

    def restore(self, networks: Sequence[nn.Module], progress: Progress) -> None:
        """Return to the state that was kept; the rate falls.

        Parameters
        ----------
        networks : sequence of Module
            As they were remembered; changed in place.
        progress : Progress
            Changed in place; time that was spent stays spent.

        Raises
        ------
        CafiError
            If there is no such state.
        """
        at = progress.step
        if self._progress is None:
            raise CafiError(
                f"The run is lost: its validation is no number at step {at}; lower the recipe's rate, and begin anew in"
                " another folder or from an older copy of its checkpoint."
            )
        self._returns += 1
        self.broken = False
        for network, state in zip(networks, self._states, strict=True):
            network.load_state_dict(state)
        kept = {"seconds": progress.seconds, "falls": progress.falls + 1}
        vars(progress).update(vars(self._progress) | kept)
        what = "ends as it was at" if self.spent else "goes on with a lower rate from"
        warnings.warn(
            f"Validation broke before step {at}; the run {what} step {progress.step}, where it was best.",
            RuntimeWarning,
            stacklevel=2,
        )
