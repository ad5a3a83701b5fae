"""Quantities as people type them, and units as files spell them."""

import math
import re

import pytest

from cafi.errors import CafiError
from cafi.movie.units import Quantity, parse_quantity, to_micrometres, to_seconds


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("0.5s", Quantity(0.5, "s")),
        ("500 ms", Quantity(0.5, "s")),
        ("2min", Quantity(120, "s")),
        (" 1.5h ", Quantity(5400, "s")),
        ("7µs", Quantity(7e-6, "s")),
        ("7\u03bcs", Quantity(7e-6, "s")),
        ("3 seconds", Quantity(3, "s")),
        ("300nm", Quantity(0.3, "µm")),
        ("0.3 µm", Quantity(0.3, "µm")),
        ("0.3um", Quantity(0.3, "µm")),
        ("1e-3mm", Quantity(1, "µm")),
        ("2frames", Quantity(2, "frame")),
        ("1 frame", Quantity(1, "frame")),
    ],
)
def test_quantities_are_understood_exactly(text: str, quantity: Quantity) -> None:
    assert parse_quantity(text) == quantity


@pytest.mark.parametrize(
    "text", ["", "s", "abc", "-1s", "0s", "0.0 ms", "5", "2m", "3 furlongs", "nan s", "1s2", "9" * 30 + "s"]
)
def test_what_is_no_quantity_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(CafiError, match=re.escape(f"'{text}'")) as refusal:
        parse_quantity(text)
    assert re.search(r"write|use", str(refusal.value))


def test_a_place_may_be_zero_or_negative_and_a_length_not() -> None:
    assert parse_quantity("0s", positive=False) == Quantity(0, "s")
    assert parse_quantity("-300nm", positive=False) == Quantity(-0.3, "µm")
    for text in ("0s", "-300nm"):
        with pytest.raises(CafiError, match=f"'{text}' is not positive"):
            parse_quantity(text)
    with pytest.raises(CafiError, match="is too large"):
        parse_quantity("-" + "9" * 30 + "s", positive=False)


def test_minutes_and_metres_are_not_confused() -> None:
    with pytest.raises(CafiError, match="minutes or metres"):
        parse_quantity("2 m")
    assert to_micrometres(2, "m") == 2e6


@pytest.mark.parametrize(
    ("unit", "micrometres"),
    [
        ("µm", 1),
        ("\\u00B5m", 1),
        ("\u03bcm", 1),
        ("um", 1),
        ("micron", 1),
        ("microns", 1),
        ("micrometer", 1),
        ("nm", 1e-3),
        ("nanometer", 1e-3),
        ("mm", 1e3),
        ("cm", 1e4),
        ("inch", 25400),
        ("Å", 1e-4),
        ("\u212b", 1e-4),
        ("angstrom", 1e-4),
    ],
)
def test_lengths_as_files_spell_them(unit: str, micrometres: float) -> None:
    assert to_micrometres(1, unit) == micrometres


def test_units_that_are_no_length_or_time_are_left_alone() -> None:
    assert to_micrometres(1, "pixel") is None
    assert to_micrometres(1, "reference frame") is None
    assert to_micrometres(math.inf, "µm") is None
    assert to_seconds(1, "µm") is None
    assert to_seconds(math.nan, "s") is None


@pytest.mark.parametrize(
    ("unit", "seconds"),
    [("s", 1), ("sec", 1), ("ms", 1e-3), ("millisecond", 1e-3), ("min", 60), ("h", 3600), ("d", 86400)],
)
def test_times_as_files_spell_them(unit: str, seconds: float) -> None:
    assert to_seconds(1, unit) == seconds
