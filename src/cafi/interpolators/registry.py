"""Every method by name. A new one is one line here."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Literal, NamedTuple

from cafi.errors import CafiError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cafi.interpolators.protocol import Interpolator


class Entry(NamedTuple):
    """What is known of a method without loading it.

    Attributes
    ----------
    name : str
    place : str
        ``module:class`` below `cafi.interpolators`.
    context : int
        Acquired frames used on each side of a gap.
    times : 'any' or 'middle'
    summary : str
    learned : bool
        Whether it has weights.
    """

    name: str
    place: str
    context: int
    times: Literal["any", "middle"]
    summary: str
    learned: bool = False


_ENTRIES = (
    Entry("kymo", "kymo.method:KymoMethod", 2, "any", "a small network made for noisy microscopy", learned=True),
    Entry("duplicate", "classical.duplicate:Duplicate", 1, "any", "the nearest acquired frame again"),
    Entry("linear", "classical.linear:Linear", 1, "any", "blends the two acquired frames"),
    Entry("cubic", "classical.cubic:Cubic", 2, "any", "a cubic through four acquired frames, pixel by pixel"),
    Entry("optical_flow", "classical.optical_flow:OpticalFlow", 1, "any", "moves both frames along DIS optical flow"),
)


def summaries() -> tuple[Entry, ...]:
    """List every method, without loading any."""
    return _ENTRIES


def names() -> tuple[str, ...]:
    """Return the names of all methods."""
    return tuple(entry.name for entry in _ENTRIES)


def get(name: str, weights: Path | None = None) -> Interpolator:
    """Load a method by its name.

    Parameters
    ----------
    name : str
    weights : Path, optional
        For a learned method: others than those that are shipped.

    Raises
    ------
    CafiError
        If there is none of this name, it takes no weights, or these are not its own.
    """
    for entry in _ENTRIES:
        if entry.name == name:
            module, attribute = entry.place.split(":")
            if weights is not None and not entry.learned:
                raise CafiError(f"{name} is a classical method without weights; leave --weights out.")
            kind = getattr(importlib.import_module(f"cafi.interpolators.{module}"), attribute)
            made: Interpolator = kind(weights) if entry.learned else kind()
            return made
    close = difflib.get_close_matches(name, names(), 1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise CafiError(f"There is no method '{name}'; there are {', '.join(names())}.{hint}")


def weights_of(interpolator: Interpolator) -> str | None:
    """Return the sha256 of a learned method's weights, None for a classical one."""
    card = getattr(interpolator, "card", None)
    return None if card is None else str(card.sha256)


def check_times(interpolator: Interpolator, fractions: NDArray[np.float64]) -> None:
    """Refuse times that a method cannot predict, before work begins.

    Parameters
    ----------
    interpolator : Interpolator
    fractions : ndarray of float64
        Wanted places in gaps, in (0, 1).

    Raises
    ------
    CafiError
        Naming the methods that can.
    """
    if interpolator.times == "any" or all(abs(t - 0.5) < 1e-6 for t in fractions):
        return
    able = ", ".join(entry.name for entry in _ENTRIES if entry.times == "any")
    raise CafiError(
        f"{interpolator.name} predicts only the middle of a gap; take --factor 2, or a method for any time: {able}."
    )
