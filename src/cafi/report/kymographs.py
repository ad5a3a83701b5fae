"""Kymographs: one line of the picture, moment below moment."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.report.pictures import display_range, to_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.report.footage import Footage

THICK = 3  # lines averaged, so that noise does not hide what moves


@dataclass(frozen=True)
class Kymograph:
    """One kymograph, ready for the page.

    Attributes
    ----------
    name : str
    channel : str
    line : int
        The row of the movie's pixels along which it was taken.
    png : str
        Base64 of an 8-bit grey PNG: x to the right, time (or depth) downwards, one row a moment.
    width, height : int
        Pixels of the picture.
    predicted : tuple of (int, int)
        First row and number of rows of each run of predicted moments.
    """

    name: str
    channel: str
    line: int
    png: str
    width: int
    height: int
    predicted: tuple[tuple[int, int], ...]


def kymographs(footage: Footage) -> list[Kymograph]:
    """Make kymographs of the truth, of acquired frames alone, and of each method, for each channel.

    Parameters
    ----------
    footage : Footage

    Returns
    -------
    list of Kymograph
        Along the row where most changes from moment to moment.
    """
    found = []
    for c, channel in enumerate(footage.channels):
        row = liveliest_row(footage.measured[:, c])
        low, high = display_range(footage.measured[:, c])
        for name, lines in _named_lines(footage, c, row).items():
            marks = () if name == "truth" else _runs(footage)
            codes = to_codes((lines - low) / (high - low))
            found.append(
                Kymograph(name, channel, row * footage.shrink, _png(codes), codes.shape[1], codes.shape[0], marks)
            )
    return found


def liveliest_row(frames: NDArray[Any]) -> int:
    """Return the row with the largest change between neighbouring frames, shape (N, Y, X); noise counts little.

    Lines are compared after averaging over `THICK` rows and as many columns.
    """
    from scipy.ndimage import uniform_filter

    if len(frames) < 2:
        return int(frames.shape[-2]) // 2
    finite = np.nan_to_num(frames.astype(np.float32), posinf=0.0, neginf=0.0)
    smooth = uniform_filter(finite, (0, 2 * THICK + 1, 2 * THICK + 1), mode="nearest")
    change = np.abs(np.diff(smooth, axis=0)).mean((0, 2))
    margin = min(THICK, (len(change) - 1) // 2)
    inner = change[margin : len(change) - margin]
    return margin + int(np.argmax(inner))


def _named_lines(footage: Footage, c: int, row: int) -> dict[str, NDArray[np.float32]]:
    """Return lines over moments, shape (moments, X), by what they show; NaN where nothing is."""
    measured = _line(footage.measured[:, c], row)
    blank = np.full(measured.shape[-1], np.nan, np.float32)
    truth = [blank if at is None else measured[at] for at in footage.measured_at]
    acquired = [
        blank if moment.kind == "interpolated" else line for moment, line in zip(footage.moments, truth, strict=True)
    ]
    named = {"truth": np.stack(truth)} if footage.has_truth else {}
    named["acquired alone"] = np.stack(acquired)
    for method, frames in footage.predicted.items():
        lines = _line(frames[:, c], row)
        at_moments = footage.predicted_at[method]
        both = zip(acquired, at_moments, strict=True)
        named[method] = np.stack([line if at is None else lines[at] for line, at in both])
    return named


def _line(frames: NDArray[Any], row: int) -> NDArray[np.float32]:
    half = THICK // 2
    return np.asarray(frames[:, max(0, row - half) : row + half + 1].mean(1, dtype=np.float32))


def _runs(footage: Footage) -> tuple[tuple[int, int], ...]:
    runs: list[tuple[int, int]] = []
    for row, moment in enumerate(footage.moments):
        if moment.kind != "interpolated":
            continue
        if runs and sum(runs[-1]) == row:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((row, 1))
    return tuple(runs)


def _png(codes: NDArray[np.uint8]) -> str:
    from imagecodecs import png_encode

    return base64.b64encode(bytes(png_encode(codes, level=6))).decode("ascii")
