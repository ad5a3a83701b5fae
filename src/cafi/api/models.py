"""Which methods there are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Method:
    """A method, as it is listed.

    Attributes
    ----------
    name, summary : str
    context : int
        Acquired frames used on each side of a gap.
    times : str
        'any', or 'middle' where only the middle of a gap can be predicted.
    default : bool
        Whether it is taken if no other is named.
    """

    name: str
    summary: str
    context: int
    times: str
    default: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the same as JSON-serialisable values."""
        return asdict(self)


def list_methods() -> list[Method]:
    """List every registered method, without loading any of them."""
    from cafi.interpolators.registry import summaries
    from cafi.run import DEFAULT_METHOD

    return [Method(s.name, s.summary, s.context, s.times, s.name == DEFAULT_METHOD) for s in summaries()]


def describe_model(model: str) -> dict[str, Any]:
    """Return what is known of a method or of a file of weights.

    Parameters
    ----------
    model : str
        A method's name, or the path of a .safetensors file.

    Returns
    -------
    dict
        The card of learned weights; name and summary of a method that has none.

    Raises
    ------
    CafiError
        If it is neither.
    """
    from pathlib import Path

    from cafi.interpolators import registry
    from cafi.interpolators.weights import load_card, shipped

    if model not in registry.names():
        if Path(model).suffix != ".safetensors":
            registry.get(model)  # refuses, and names what there is
        return asdict(load_card(Path(model)))
    entry = next(entry for entry in registry.summaries() if entry.name == model)
    if not entry.learned:
        return {"name": entry.name, "summary": entry.summary, "weights": "none: a classical method"}
    return asdict(load_card(shipped(model)))
