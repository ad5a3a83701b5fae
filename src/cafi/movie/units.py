"""Units of time and length: as people type them, and as file formats spell them."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Literal, NamedTuple

from cafi.errors import CafiError

BaseUnit = Literal["s", "µm", "frame"]


class Quantity(NamedTuple):
    """A number in a base unit."""

    value: float
    unit: BaseUnit


# Factors are exact fractions, so that 300 nm is the float nearest to 0.3 and not one beside it.
_PREFIXES = {
    "T": 12,
    "G": 9,
    "M": 6,
    "k": 3,
    "h": 2,
    "": 0,
    "d": -1,
    "c": -2,
    "m": -3,
    "µ": -6,
    "u": -6,
    "n": -9,
    "p": -12,
    "f": -15,
}
_PREFIX_NAMES = {
    "tera": 12,
    "giga": 9,
    "mega": 6,
    "kilo": 3,
    "hecto": 2,
    "": 0,
    "deci": -1,
    "centi": -2,
    "milli": -3,
    "micro": -6,
    "nano": -9,
    "pico": -12,
    "femto": -15,
}

_SECONDS = {prefix + "s": Fraction(10) ** power for prefix, power in _PREFIXES.items() if prefix != "h"} | {
    "min": Fraction(60),
    "h": Fraction(3600),
    "hr": Fraction(3600),
    "d": Fraction(86400),
}
_SECOND_NAMES = {prefix + "second": Fraction(10) ** power for prefix, power in _PREFIX_NAMES.items()} | {
    "sec": Fraction(1),
    "msec": Fraction(1, 1000),
    "minute": Fraction(60),
    "hour": Fraction(3600),
    "day": Fraction(86400),
}

_MICROMETRES = {prefix + "m": Fraction(10) ** (power + 6) for prefix, power in _PREFIXES.items()} | {
    "Å": Fraction(1, 10000),
    "in": Fraction(25400),
    "ft": Fraction(304800),
    "yd": Fraction(914400),
}
_MICROMETRE_NAMES = {
    prefix + metre: Fraction(10) ** (power + 6)
    for prefix, power in _PREFIX_NAMES.items()
    for metre in ("meter", "metre")
} | {
    "micron": Fraction(1),
    "angstrom": Fraction(1, 10000),
    "inch": Fraction(25400),
    "foot": Fraction(304800),
    "yard": Fraction(914400),
}

_FRAMES = ("f", "fr", "frame", "frames")


def _factor(unit: str, symbols: dict[str, Fraction], names: dict[str, Fraction]) -> Fraction | None:
    # ImageJ escapes the micro sign; Unicode has two of them, and two of the ångström.
    unit = re.sub(r"\\u00[bB]5|\u03bc", "\u00b5", unit.strip()).replace("\u212b", "\u00c5")
    name = unit.casefold()
    return symbols.get(unit) or names.get(name) or names.get(name.removesuffix("s"))


def to_seconds(value: float, unit: str) -> float | None:
    """Return a time in seconds, or None where `unit` is no unit of time or `value` not finite."""
    factor = _factor(unit, _SECONDS, _SECOND_NAMES)
    return float(Fraction(value) * factor) if factor and math.isfinite(value) else None


def to_micrometres(value: float, unit: str) -> float | None:
    """Return a length in µm, or None where `unit` is no unit of length or `value` not finite."""
    factor = _factor(unit, _MICROMETRES, _MICROMETRE_NAMES)
    return float(Fraction(value) * factor) if factor and math.isfinite(value) else None


def parse_quantity(text: str, *, positive: bool = True) -> Quantity:
    """Understand a time, a length or a number of frames as people type it.

    Parameters
    ----------
    text : str
        Such as ``0.5s``, ``500 ms``, ``2min``, ``1.5h``, ``300nm``, ``0.3 µm`` or ``2frames``.
    positive : bool
        Refuse zero and negative numbers, which are places but no lengths.

    Returns
    -------
    Quantity
        In seconds, micrometres or frames.

    Raises
    ------
    CafiError
        If it is no number, or no positive one, with such a unit.

    Examples
    --------
    >>> parse_quantity("500 ms")
    Quantity(value=0.5, unit='s')
    """
    match = re.fullmatch(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?)\s*(\D*?)\s*", text)
    if match is None:
        raise CafiError(f"'{text}' is not a quantity; write a number and a unit, such as 0.5s, 300nm or 2frames.")
    number, unit = Fraction(match[1]), match[2]
    if not unit:
        raise CafiError(
            f"'{text}' has no unit; write for instance {text.strip()}s, {text.strip()}µm or {text.strip()}frames."
        )
    if unit == "m":
        raise CafiError(f"'{text}' could mean minutes or metres; write min, or a length in mm, µm or nm.")
    if positive and number <= 0:
        raise CafiError(f"'{text}' is not positive; write a positive number, such as 0.5s, 300nm or 2frames.")
    if abs(number) >= 10**15:
        raise CafiError(f"'{text}' is too large; write a smaller number, or a larger unit.")
    if unit.casefold() in _FRAMES:
        return Quantity(float(number), "frame")
    seconds = _factor(unit, _SECONDS, _SECOND_NAMES)
    if seconds:
        return Quantity(float(number * seconds), "s")
    micrometres = _factor(unit, _MICROMETRES, _MICROMETRE_NAMES)
    if micrometres:
        return Quantity(float(number * micrometres), "µm")
    raise CafiError(f"'{text}' has the unknown unit '{unit}'; use s, ms, min, h, nm, µm, mm or frames.")
