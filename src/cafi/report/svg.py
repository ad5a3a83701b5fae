"""Drawing plots as SVG text: scales, axes and marks. Colours come from the page's style sheet, by class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 80, 16, 14, 48


@dataclass(frozen=True)
class Scale:
    """Maps values linearly to places along one axis.

    Attributes
    ----------
    low, high : float
        Values at the two ends.
    start, end : float
        Their places, in units of the drawing.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Return round values within the scale, about as many as asked for."""
        step = nice_step((self.high - self.low) / max(about, 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]


def nice_step(rough: float) -> float:
    """Return the smallest of 1, 2, 2.5, 5, 10 times a power of ten that is not below ``rough``."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))


def scale_for(values: Sequence[float], start: float, end: float, margin: float = 0.05) -> Scale:
    """Return a scale that holds all finite values, with a margin (a share of their range) on each side."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    if high == low:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    room = margin * (high - low)
    return Scale(low - room, high + room, start, end)


def number(value: float, step: float | None = None) -> str:
    """Write a number as briefly as its step (or three significant digits) asks for."""
    if step is None:
        return f"{value:.3g}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    decimals += round(step * 10**decimals, 9) % 1 != 0
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def element(name: str, body: str = "", /, **attributes: object) -> str:
    """Return one element; attribute names are given with _ for -, a trailing one is dropped."""
    pairs = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{pairs}>{body}</{name}>" if body else f"<{name}{pairs}/>"


def text(words: str, x: float, y: float, **attributes: object) -> str:
    """Return escaped words at a place."""
    return element("text", str(escape(words)), x=x, y=y, **attributes)


def path(points: Sequence[tuple[float, float]], **attributes: object) -> str:
    """Return a line through points, broken where one is not finite."""
    steps, broken = [], True
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            broken = True
            continue
        steps.append(f"{'M' if broken else 'L'}{x:.1f} {y:.1f}")
        broken = False
    return element("path", d="".join(steps), fill="none", **attributes)


SHAPES = ("circle", "square", "triangle", "diamond", "cross", "down", "ring")


def marker(index: int, x: float, y: float, size: float = 4.5) -> str:
    """Return the mark of a series: each has a shape of its own, so that colour is not needed to tell them apart."""
    shape, hue = SHAPES[index % len(SHAPES)], f"mark hue{index % 7}"
    if shape in ("circle", "ring"):
        return element("circle", cx=x, cy=y, r=size, class_=hue + (" hollow" if shape == "ring" else ""))
    if shape == "cross":
        d = f"M{x - size:.1f} {y - size:.1f}l{2 * size} {2 * size}m0 {-2 * size}l{-2 * size} {2 * size}"
        return element("path", d=d, class_=hue + " hollow")
    corners = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "triangle": ((0, -1.2), (1.1, 0.9), (-1.1, 0.9)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "down": ((0, 1.2), (1.1, -0.9), (-1.1, -0.9)),
    }[shape]
    points = " ".join(f"{x + dx * size:.1f},{y + dy * size:.1f}" for dx, dy in corners)
    return element("polygon", points=points, class_=hue)


def axes(x: Scale, y: Scale, x_label: str, y_label: str, x_ticks: bool = True) -> str:
    """Return the frame, grid, ticks and labels of a plot."""
    drawn = []
    for value in y.ticks():
        drawn.append(element("line", x1=x.start, x2=x.end, y1=y(value), y2=y(value), class_="grid"))
        drawn.append(text(number(value, _step(y)), x.start - 7, y(value) + 4, text_anchor="end"))
    for value in x.ticks(7) if x_ticks else ():
        drawn.append(element("line", x1=x(value), x2=x(value), y1=y.start, y2=y.start + 5, class_="axis"))
        drawn.append(text(number(value, _step(x, 7)), x(value), y.start + 19, text_anchor="middle"))
    drawn.append(element("line", x1=x.start, x2=x.end, y1=y.start, y2=y.start, class_="axis"))
    drawn.append(text(x_label, (x.start + x.end) / 2, HEIGHT - 8, text_anchor="middle", class_="label"))
    middle = (y.start + y.end) / 2
    turned = f"rotate(-90 15 {middle:.1f})"
    drawn.append(text(y_label, 15, middle, text_anchor="middle", transform=turned, class_="label"))
    return "".join(drawn)


def drawing(body: str, title: str) -> Markup:
    """Return a whole drawing, named for those who cannot see it."""
    named = element("title", str(escape(title)))
    return Markup(  # noqa: S704 - everything that users named was escaped above
        element("svg", named + body, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=title, class_="plot")
    )


def _step(scale: Scale, about: int = 5) -> float:
    return nice_step((scale.high - scale.low) / about)


def _value(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(escape(str(value)))
