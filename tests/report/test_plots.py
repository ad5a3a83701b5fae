import re
import xml.etree.ElementTree as ET

import pytest

from cafi.report import svg
from cafi.report.data import Plot, Series
from cafi.report.plots import draw, legend


def parsed(plot: Plot) -> ET.Element:
    return ET.fromstring(str(draw(plot)))


def marks(drawing: ET.Element, hue: int) -> list[tuple[float, float]]:
    found = [each for each in drawing.iter("circle") if f"hue{hue}" in each.attrib["class"]]
    return [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in found]


def ticks(drawing: ET.Element) -> dict[float, float]:
    """Value and place of the labels along y."""
    labels = [each for each in drawing.iter("text") if each.attrib.get("text-anchor") == "end"]
    return {float(each.text or ""): float(each.attrib["y"]) - 4 for each in labels}


def test_values_stand_where_the_axis_says() -> None:
    values, low, high = (10.0, 30.0, 20.0), (8.0, 25.0, 19.0), (12.0, 35.0, 21.0)
    plot = Plot("a", "x", "y", (Series("s", (1.0, 2.0, 5.0), values, low, high),))
    drawing = parsed(plot)
    (y0, p0), (y1, p1) = sorted(ticks(drawing).items())[:2]
    per_unit = (p1 - p0) / (y1 - y0)
    for (_, place), value in zip(marks(drawing, 0), values, strict=True):
        assert y0 + (place - p0) / per_unit == pytest.approx(value, abs=0.1)
    bars = [each.attrib["d"] for each in drawing.iter("path") if "bar" in each.attrib["class"]]
    ends = [float(number) for number in re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", bars[1])[0]]
    assert [y0 + (end - p0) / per_unit for end in ends] == pytest.approx([25.0, 35.0], abs=0.1)


def test_series_differ_in_more_than_colour() -> None:
    series = tuple(Series(f"m{i}", (0.0, 1.0), (float(i), float(i))) for i in range(6))
    shapes = {svg.marker(i, 0, 0).replace(f"hue{i}", "") for i in range(6)}
    assert len(shapes) == 6
    assert [name for _, name in legend(Plot("a", "", "", series))] == [f"m{i}" for i in range(6)]


def test_names_are_escaped_and_values_that_are_not_finite_left_out() -> None:
    nan = float("nan")
    series = Series("<&>", (0.0, 1.0), (1.0, nan), (nan, nan), (nan, nan))
    drawing = parsed(Plot("<b>", "x<", "y&", (series,), kind="points", categories=("<i>", "b"), target=2.0))
    assert len(marks(drawing, 0)) == 1
    assert "<b>" in (drawing.findtext("title") or "")


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.0, 1.0), 0.2), ((-3.0, 47.0), 10.0), ((1e-6, 2e-6), 2e-7), ((5.0, 5.0), 1.0)],
)
def test_ticks_are_round_and_inside(values: tuple[float, float], expected: float) -> None:
    scale = svg.scale_for(values, 0, 100, margin=0)
    found = scale.ticks(5)
    assert scale.low - 1e-9 <= found[0] <= found[-1] <= scale.high + 1e-9
    assert found[1] - found[0] == pytest.approx(expected)
    assert svg.number(found[0], expected) != svg.number(found[1], expected)
