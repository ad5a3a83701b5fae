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
