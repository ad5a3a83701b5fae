"""By how much fitted half-widths are multiplied to hold what they promise, in each tenth of intensity and motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.quality.intervals.features import Features

PARTS = 10


@dataclass(frozen=True)
class Steps:
    """One factor for each tenth of the pixels, sorted by some value; equal values stay together.

    Attributes
    ----------
    edges : tuple of float
        Between the tenths, ascending.
    factors : tuple of float
        One more than edges.
    """

    edges: tuple[float, ...]
    factors: tuple[float, ...]

    def at(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the factor of each value, shape (N,)."""
        return np.array(self.factors)[np.searchsorted(self.edges, values, side="right")]


@dataclass(frozen=True)
class Widening:
    """Conformal factors, of all pixels and of groups of them (Mondrian: Vovk, Gammerman and Shafer 2005).

    Attributes
    ----------
    least : float
        What all pixels together ask for.
    intensity, motion : Steps
        What each tenth of predicted intensity, and of estimated motion, asks for.
    """

    least: float
    intensity: Steps
    motion: Steps

    def at(self, features: Features) -> NDArray[np.float64]:
        """Return the largest factor that any group asks for to which a pixel belongs, shape (N,)."""
        groups = self.intensity.at(features.intensity), self.motion.at(features.motion)
        return np.asarray(np.maximum(np.maximum(*groups), self.least), np.float64)


def widening(
    scores: NDArray[np.float64], intensity: NDArray[np.float32], motion: NDArray[np.float32], level: float
) -> Widening:
    """Find the factors that hold a share of ``level`` of the pixels, each shape (N,).

    Parameters
    ----------
    scores : ndarray of float64
        How far errors lie from the centre of their bounds, in half-widths.
    intensity, motion : ndarray of float32
    level : float
    """
    least = float(np.quantile(scores, level))

    def steps(values: NDArray[np.float32]) -> Steps:
        edges = np.quantile(values, np.linspace(0, 1, PARTS + 1)[1:-1])
        part = np.searchsorted(edges, values, side="right")
        groups = (scores[part == i] for i in range(PARTS))
        return Steps(
            tuple(edges.tolist()),
            tuple(float(np.quantile(group, level)) if group.size else least for group in groups),
        )

    return Widening(least, steps(intensity), steps(motion))


def from_dict(record: dict[str, Any]) -> Widening:
    """Undo `dataclasses.asdict`, also after a way through JSON."""
    groups = (Steps(tuple(record[name]["edges"]), tuple(record[name]["factors"])) for name in ("intensity", "motion"))
    return Widening(record["least"], *groups)
