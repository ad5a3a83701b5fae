"""What the user asks for: a factor, a step, or a list of times."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from cafi.errors import CafiError
from cafi.movie.units import parse_quantity

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_FRAMES = 1_000_000


def factor_steps(
    acquired: NDArray[np.float64], factor: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Cut every gap into ``factor`` equal parts.

    Returns
    -------
    left : ndarray of int64
    fraction : ndarray of float64
        0 for the acquired frame itself.
    wanted : ndarray of float64
        Positions.
    """
    _refuse_absurd((len(acquired) - 1) * factor + 1, f"--factor {factor}")
    left, step = np.divmod(np.arange((len(acquired) - 1) * factor + 1), factor)
    fraction = step / factor
    end = acquired[np.minimum(left + 1, len(acquired) - 1)]
    return left, fraction, acquired[left] + fraction * (end - acquired[left])


def every_step(acquired: NDArray[np.float64], unit: str, step: str) -> NDArray[np.float64]:
    """Return positions at equal steps from the first acquired frame on, never beyond the last.

    Raises
    ------
    CafiError
        If the step has another dimension than the positions, is absurdly small, or longer than the movie.
    """
    quantity = parse_quantity(step)
    length = quantity.value
    if quantity.unit == "frame":
        length *= float(np.median(np.diff(acquired)))
    elif quantity.unit != unit:
        raise _misfit(f"--every {step}", unit, quantity.unit)
    span = float(acquired[-1] - acquired[0])
    if length > span * (1 + 1e-9):
        plural = "frames" if unit == "frame" else unit
        raise CafiError(
            f"--every {step} is longer than the movie, which spans {span:.6g} {plural}; give a shorter step."
        )
    _refuse_absurd(span / length + 1, f"--every {step}")
    # A step that ends at the last frame but for rounding still counts.
    count = math.floor(span / length * (1 + 1e-12) + 1e-9) + 1
    return np.asarray(np.minimum(acquired[0] + length * np.arange(count), acquired[-1]))


def read_times(path: Path, acquired: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Read a list of positions from a text file, one on each line, with or without a unit.

    Of a table with a heading the column of times (or depths) is read, else the first one.

    Raises
    ------
    CafiError
        If it cannot be read, a line is no time or several, or a time lies outside the movie.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CafiError(f"--times {path} cannot be read as text; give a file with one time on each line.") from error
    rows = [(i, _fields(line)) for i, line in enumerate(lines, 1)]
    rows = [(i, fields) for i, fields in rows if fields[0] and not fields[0].startswith("#")]
    heading: list[str] = rows.pop(0)[1] if rows and not _is_numeric(rows[0][1][0]) else []
    if not rows:
        raise CafiError(f"--times {path} holds no times; write one on each line.")
    _refuse_absurd(len(rows), f"--times {path}")
    wanted = np.unique([_cell(fields, heading, unit, f"--times {path}, line {i}") for i, fields in rows])
    first, last = float(acquired[0]), float(acquired[-1])
    slack = 1e-9 * (last - first)
    outside = wanted[(wanted < first - slack) | (wanted > last + slack)]
    if outside.size:
        raise CafiError(
            f"--times {path} asks for {outside[0]:.6g} {unit}, outside the movie ({first:.6g} to {last:.6g} {unit});"
            " nothing is extrapolated."
        )
    return np.asarray(np.clip(wanted, first, last))


def _fields(line: str) -> list[str]:
    return [field.strip() for field in re.split(r"[,;\t]", line)]


def _is_numeric(text: str) -> bool:
    return re.match(r"[+-]?\.?\d", text) is not None


def _cell(fields: list[str], heading: list[str], unit: str, where: str) -> float:
    """Return the position in a line; numbers beside it are refused where no heading tells them from decimals."""
    if len(fields) > max(len(heading), 1) and _is_numeric(fields[1]):
        raise CafiError(
            f"{where} ({', '.join(fields)}) holds several numbers; write one time on each line, with a point for"
            " decimals, or name the columns of a table in its first line."
        )
    column = next((i for i, name in enumerate(heading) if name.lower().startswith(("time", "depth"))), 0)
    return _position(fields[min(column, len(fields) - 1)], unit, where)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _position(text: str, unit: str, where: str) -> float:
    value = _number(text)
    if value is not None:
        return value
    try:
        quantity = parse_quantity(text, positive=False)
    except CafiError as error:
        raise CafiError(f"{where}: {error}") from error
    if quantity.unit != unit:
        raise _misfit(f"{where} ({text})", unit, quantity.unit)
    return quantity.value


def _misfit(what: str, unit: str, given: str) -> CafiError:
    if unit == "frame" and given == "s":
        return CafiError(f"{what} needs time stamps, and this movie has none; use --factor, or --every 0.5frame.")
    if unit == "frame":
        return CafiError(
            f"{what} needs a known distance, and this movie states none; use --factor, or --every 0.5frame."
        )
    return CafiError(
        f"{what} does not fit this movie, whose positions are in {unit}; give it in {unit}, or use --factor."
    )


def _refuse_absurd(count: float, wish: str) -> None:
    if count > MAX_FRAMES:
        raise CafiError(f"{wish} would make {count:.3g} frames; at most {MAX_FRAMES} are made.")
