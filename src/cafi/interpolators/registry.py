"""Every method by name. A new one is one line here."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cafi.errors import CafiError
from cafi.interpolators.weights import find_shipped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cafi.interpolators.checkpoints import Layout
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
    layout : str
        ``module:function`` that returns the layout of its published checkpoints; empty: there are none.
    options : tuple of str
        Options of a run that are for this method and few others.
    """

    name: str
    place: str
    context: int
    times: Literal["any", "middle"]
    summary: str
    learned: bool = False
    layout: str = ""
    options: tuple[str, ...] = ()

    @property
    def installed(self) -> bool:
        """Whether it runs as it is: it needs no weights, or some are shipped."""
        return not self.learned or find_shipped(self.name) is not None


_ENTRIES = (
    Entry("kymo", "kymo.method:KymoMethod", 2, "any", "a small network made for noisy microscopy", learned=True),
    Entry(
        "zooming-slowmo",
        "zooming_slowmo.method:ZoomingSlowMoMethod",
        1,
        "middle",
        "the published network of 11 million weights; also enlarges",
        learned=True,
        layout="zooming_slowmo.network:published_layout",
        options=("zoom", "input_frames"),
    ),
    Entry(
        "zooming-slowmo-small",
        "zooming_slowmo.method:SmallZoomingSlowMoMethod",
        1,
        "middle",
        "the same with fewer features and blocks",
        learned=True,
        options=("zoom", "input_frames"),
    ),
    Entry(
        "dain",
        "dain.method:DainMethod",
        1,
        "any",
        "the published network of 24 million weights: flow, depth and learned kernels",
        learned=True,
        layout="dain.layout:published_layout",
    ),
    Entry(
        "dain-small",
        "dain.method:SmallDainMethod",
        1,
        "any",
        "the network of dain with fewer features and blocks",
        learned=True,
    ),
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


def installed() -> tuple[str, ...]:
    """Return the names of the methods that run as they are."""
    return tuple(entry.name for entry in _ENTRIES if entry.installed)


def get(name: str, weights: Path | None = None, **options: Any) -> Interpolator:
    """Load a method by its name.

    Parameters
    ----------
    name : str
    weights : Path, optional
        For a learned method: others than those that are shipped.
    **options
        Those of `Entry.options`.

    Raises
    ------
    CafiError
        If there is none of this name, it takes no weights or no such option, there are no weights, or these are not
        its own.
    """
    entry = _entry(name)
    if weights is not None and not entry.learned:
        raise CafiError(f"{name} is a classical method without weights; leave --weights out.")
    check_options(name, options)
    kind = _load(entry.place)
    made: Interpolator = kind(weights, **options) if entry.learned else kind(**options)
    return made


def check_options(name: str, options: Iterable[str]) -> None:
    """Refuse an option that a method does not have, naming those that have it.

    Raises
    ------
    CafiError
    """
    for option in options:
        if option not in _entry(name).options:
            able = " or ".join(other.name for other in _ENTRIES if option in other.options)
            raise CafiError(f"{name} has no --{option.replace('_', '-')}; leave it out, or take {able}.")


def layout_of(name: str) -> Layout:
    """Return what the published checkpoints of a method hold.

    Raises
    ------
    CafiError
        If there is no such method, or none of its checkpoints were published.
    """
    entry = _entry(name)
    if not entry.layout:
        able = ", ".join(other.name for other in _ENTRIES if other.layout)
        raise CafiError(f"There are no published checkpoints of {name}; there are some of {able}.")
    layout: Layout = _load(entry.layout)()
    return layout


def _entry(name: str) -> Entry:
    for entry in _ENTRIES:
        if entry.name == name:
            return entry
    close = difflib.get_close_matches(name, names(), 1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise CafiError(f"There is no method '{name}'; there are {', '.join(names())}.{hint}")


def _load(place: str) -> Any:
    module, attribute = place.split(":")
    return getattr(importlib.import_module(f"cafi.interpolators.{module}"), attribute)


def weights_of(interpolator: Interpolator) -> str | None:
    """Return the sha256 of a learned method's weights, None for a classical one."""
    card = getattr(interpolator, "card", None)
    return None if card is None else str(card.sha256)
