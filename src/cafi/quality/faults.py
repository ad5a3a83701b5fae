"""Faults planted into predictions, to prove what a detector of faults finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter, shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

Kind = Literal["erased", "invented", "doubled", "shifted", "ghost"]
KINDS: tuple[Kind, ...] = get_args(Kind)

DISPLACED = 5.0  # pixels, of a shifted cell and of a ghost
BESIDE = (7, 11)  # pixels from a spot to its double
CELL = 8.0  # pixels, radius of what is shifted
MARGIN = 14  # pixels from the border that stay clean
NEAR = 1.5  # times the wanted height: the structure that counts as so high
FWHM = 2.355  # of a Gaussian, in standard deviations


@dataclass(frozen=True)
class Planted:
    """A prediction with one fault.

    Attributes
    ----------
    plane : ndarray of float32, shape (Y, X)
    y, x : float
        Where the change is largest, in pixels.
    """

    plane: Plane
    y: float
    x: float


def plant(
    kind: Kind, plane: Plane, noise: Plane, sigmas: float, size: float, random: np.random.Generator
) -> Planted | None:
    """Plant one fault into a prediction.

    Parameters
    ----------
    kind : str
        'erased' and 'doubled' take a spot that is there; 'invented' adds one anywhere; 'shifted' moves a disc of
        8 px radius with what is in it by 5 px; 'ghost' leaves half of it where it was.
    plane : ndarray of float32, shape (Y, X)
    noise : ndarray of float32, shape (Y, X)
        Local standard deviation.
    sigmas : float
        Height of the spot that is erased, invented or doubled, or of the brightest spot in the cell, above what is
        around it, in local noise standard deviations.
    size : float
        Of spots, full width at half maximum in pixels.
    random : numpy.random.Generator

    Returns
    -------
    Planted or None
        None where the plane has no such structure.
    """
    change = _change(kind, plane, noise, sigmas, size / FWHM, random)
    if change is None:
        return None
    y, x = np.unravel_index(int(np.abs(change).argmax()), plane.shape)
    return Planted((plane + change).astype(np.float32), float(y), float(x))


def _change(
    kind: Kind, plane: Plane, noise: Plane, sigmas: float, sigma: float, random: np.random.Generator
) -> Plane | None:
    if min(plane.shape) <= 3 * MARGIN:
        return None
    if kind == "invented":
        y, x = (int(random.integers(MARGIN, n - MARGIN)) for n in plane.shape)
        return _scaled(sigmas * noise[y, x], _spot(plane.shape, y, x, sigma))
    place = _structure(plane, noise, sigmas, sigma if kind in ("erased", "doubled") else 3.0, random)
    if place is None:
        return None
    y, x = place
    amount = sigmas * noise[y, x]
    if kind == "erased":
        return _scaled(-amount, _spot(plane.shape, y, x, sigma))
    if kind == "doubled":
        way = random.uniform(*BESIDE) * _direction(random)
        y2, x2 = (int(np.clip(round(c + d), 2, n - 3)) for c, d, n in zip((y, x), way, plane.shape, strict=True))
        # Its brightness is that of the place it comes to, so that it is as visible as all others.
        return _scaled(sigmas * noise[y2, x2], _spot(plane.shape, y2, x2, sigma))
    moved = np.asarray(shift(plane, DISPLACED * _direction(random), order=1, mode="nearest"), np.float32)
    share = 1.0 if kind == "shifted" else 0.5
    return np.asarray(share * _disc(plane.shape, y, x) * (moved - plane), np.float32)


def _structure(
    plane: Plane, noise: Plane, sigmas: float, sigma: float, random: np.random.Generator
) -> tuple[int, int] | None:
    """Choose a spot that is brighter than its surroundings by about so many noise standard deviations."""
    # Smoothing by its own size halves a spot's peak.
    contrast = 2 * (gaussian_filter(plane, sigma) - gaussian_filter(plane, 4 * sigma)) / noise
    peaks = (contrast == maximum_filter(contrast, 7)) & (contrast >= sigmas) & (contrast <= NEAR * sigmas)
    inner = np.zeros_like(peaks)
    inner[MARGIN:-MARGIN, MARGIN:-MARGIN] = True
    places = np.argwhere(peaks & inner)
    if not len(places):
        return None
    y, x = places[random.integers(len(places))]
    return int(y), int(x)


def _direction(random: np.random.Generator) -> NDArray[np.float64]:
    angle = random.uniform(0, 2 * np.pi)
    return np.array([np.sin(angle), np.cos(angle)])


def _spot(shape: tuple[int, ...], y: int, x: int, sigma: float) -> Plane:
    rows, columns = np.arange(shape[0]) - y, np.arange(shape[1]) - x
    return np.exp(-(rows[:, None] ** 2 + columns[None] ** 2) / (2 * sigma**2)).astype(np.float32)


def _scaled(height: float, spot: Plane) -> Plane:
    return np.asarray(np.float32(height) * spot, np.float32)


def _disc(shape: tuple[int, ...], y: int, x: int) -> Plane:
    """One inside the cell, zero outside, with a soft edge of about two pixels."""
    rows, columns = np.arange(shape[0]) - y, np.arange(shape[1]) - x
    distance = np.hypot(rows[:, None], columns[None])
    return (1 / (1 + np.exp(distance - CELL))).astype(np.float32)
