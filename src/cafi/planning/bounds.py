"""The quality that a plan must keep: a metric and its least value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from cafi.errors import CafiError

# What each metric is called in sentences.
METRICS: dict[str, str] = {
    "attained": "attained SSIM (as a share of what a perfect prediction without noise would have)",
    "ssim": "SSIM of predicted and measured frames",
    "psnr": "PSNR of predicted against measured frames in dB",
    "tracking": "tracking alpha on predicted frames against tracks at full rate",
}
SHARES = ("attained", "ssim", "tracking")  # at most 1


@dataclass(frozen=True)
class Bound:
    """A metric and the least value that it may have.

    Attributes
    ----------
    metric : str
        One of `METRICS`.
    least : float
    """

    metric: str
    least: float

    @property
    def most(self) -> float:
        """The largest value that the metric can have."""
        return 1.0 if self.metric in SHARES else math.inf

    def __str__(self) -> str:
        return f"{self.metric}>={self.least:g}"


def parse_bound(text: str) -> Bound:
    """Understand a bound as people type it: ``ssim>=0.9``, ``psnr >= 30``, ``tracking>=0.8``.

    Raises
    ------
    CafiError
        If it is no such text.

    Examples
    --------
    >>> parse_bound("ssim >= 0.9")
    Bound(metric='ssim', least=0.9)
    """
    match = re.fullmatch(r"\s*([a-z]+)\s*(?:>=|≥)\s*(-?\d+\.?\d*|-?\.\d+)\s*(?:dB)?\s*", text, re.IGNORECASE)
    metric = match[1].lower() if match else ""
    if match is None or metric not in METRICS:
        known = ", ".join(METRICS)
        raise CafiError(f"'{text}' is no bound of quality; write 'ssim>=0.9', with one of {known}.")
    least = float(match[2])
    if metric in SHARES and not 0 < least <= 1:
        raise CafiError(f"'{text}' can never fail or never hold: {metric} is at most 1; give a value from 0 to 1.")
    return Bound(metric, least)
