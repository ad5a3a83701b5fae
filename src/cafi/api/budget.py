"""Sharing a limited time among runs."""

from __future__ import annotations

import math
import time


class Budget:
    """Shares what time is left among the runs that are left.

    Parameters
    ----------
    minutes : float or None
        For all together; None: no limit.
    runs : int
    """

    def __init__(self, minutes: float | None, runs: int) -> None:
        self._end = math.inf if minutes is None else time.monotonic() + 60 * minutes
        self._runs = runs

    def share(self) -> float:
        """Return the seconds that the next run may take."""
        share = max(0.0, self._end - time.monotonic()) / max(1, self._runs)
        self._runs -= 1
        return share

    def give_up(self, runs: int) -> None:
        """Leave the time of runs that never come to the others."""
        self._runs = max(0, self._runs - runs)
