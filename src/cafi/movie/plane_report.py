"""What one plane looks like: blank, saturated, with NaN, or the same as another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.movie.model import Header

SATURATED_FROM = 0.01
"""A plane is called saturated when more than this fraction of its pixels has the largest possible value."""

Fault = Literal["missing", "blank", "duplicated", "saturated", "nonfinite"]
FAULTS: tuple[Fault, ...] = ("missing", "blank", "duplicated", "saturated", "nonfinite")


class Place(NamedTuple):
    """Where a plane lies in a movie."""

    t: int
    c: int
    z: int


@dataclass(frozen=True, slots=True)
class PlaneReport:
    """What one plane looks like, as values that JSON can hold.

    Attributes
    ----------
    blank : bool
        All pixels have the same value, or none is finite.
    saturated_fraction : float
        Fraction of the pixels of which any sample has the largest possible value.
    nonfinite : int
        Number of NaN and infinite values.
    digest : str
        Hash of the pixels; equal for bit-identical planes.
    missing : bool
        The file holds no data for this plane.
    """

    blank: bool
    saturated_fraction: float
    nonfinite: int
    digest: str
    missing: bool = False


def largest_value(header: Header) -> int | None:
    """Return the largest value that a pixel can have, by significant bits or else dtype; None for floats."""
    if header.dtype.kind not in "iu":
        return None
    largest = int(np.iinfo(header.dtype).max)
    if header.significant_bits is None:
        return largest
    return min(largest, (1 << header.significant_bits) - 1)


def report_plane(plane: NDArray[Any], maximum: float | None, *, missing: bool = False) -> PlaneReport:
    """Look at one plane.

    Parameters
    ----------
    plane : ndarray, shape (Y, X) or (Y, X, S)
        In the movie's own dtype.
    maximum : float or None
        From `largest_value`.
    missing : bool
        What `PlaneSource.is_missing` says of it.

    Returns
    -------
    PlaneReport
    """
    pixels = np.ascontiguousarray(plane)
    finite = pixels.size if pixels.dtype.kind in "iu" else int(np.count_nonzero(np.isfinite(pixels)))
    return PlaneReport(
        blank=finite == 0 or bool((pixels == pixels[0, 0]).all()),
        saturated_fraction=_fraction_at(pixels, maximum),
        nonfinite=pixels.size - finite,
        digest=hashlib.sha1(pixels.data, usedforsecurity=False).hexdigest(),
        missing=missing,
    )


def _fraction_at(pixels: NDArray[Any], maximum: float | None) -> float:
    if maximum is None or pixels.max() < maximum:
        return 0.0
    there = np.atleast_3d(np.asarray(pixels >= maximum)).any(axis=2)
    return float(np.count_nonzero(there) / there.size)


def faults_of(report: PlaneReport, before: PlaneReport | None) -> tuple[Fault, ...]:
    """Name what is wrong with a plane, given the one before it of the same channel.

    A missing plane is not called blank too, and neither of the two is called duplicated: a plane
    is named by the plainest thing that is wrong with it.
    """
    if report.missing:
        return ("missing",)
    if report.blank:
        return ("blank",)
    faults: list[Fault] = []
    if before is not None and before.digest == report.digest:
        faults.append("duplicated")
    if report.saturated_fraction > SATURATED_FROM:
        faults.append("saturated")
    if report.nonfinite:
        faults.append("nonfinite")
    return tuple(faults)
