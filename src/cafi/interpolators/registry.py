"""Every method by name. A new one is one line here."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Literal, NamedTuple

from cafi.errors import CafiError

if TYPE_CHECKING:
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
    """

    name: str
    place: str
    context: int
    times: Literal["any", "middle"]
    summary: str


_ENTRIES = (
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


def get(name: str) -> Interpolator:
    """Load a method by its name.

    Raises
    ------
    CafiError
        If there is none of this name.
    """
    for entry in _ENTRIES:
        if entry.name == name:
            module, attribute = entry.place.split(":")
            made: Interpolator = getattr(importlib.import_module(f"cafi.interpolators.{module}"), attribute)()
            return made
    close = difflib.get_close_matches(name, names(), 1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise CafiError(f"There is no method '{name}'; there are {', '.join(names())}.{hint}")


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
