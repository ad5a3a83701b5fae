"""The plots of a report, from plain data to SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cafi.report import svg

if TYPE_CHECKING:
    from markupsafe import Markup

    from cafi.report.data import Plot, Series

CAP = 3.5  # half length of the bar at the end of an interval


def draw(plot: Plot) -> Markup:
    """Draw a plot as SVG; confidence intervals are bars, series differ in colour, shape and dashes."""
    x, y = _scales(plot)
    parts = [svg.axes(x, y, plot.x_label, plot.y_label, x_ticks=not plot.categories)]
    if plot.target is not None:
        parts.append(svg.element("line", x1=x.start, x2=x.end, y1=y(plot.target), y2=y(plot.target), class_="target"))
    for place, name in enumerate(plot.categories):
        parts.append(svg.text(_short(name), x(place), y.start + 19, text_anchor="middle"))
    for index, series in enumerate(plot.series):
        shift = 0.0 if plot.kind == "line" else 11 * (index - (len(plot.series) - 1) / 2)
        parts.append(_drawn(series, index, x, y, shift, plot.kind == "line"))
    return svg.drawing("".join(parts), f"{plot.title}: {plot.y_label} against {plot.x_label or 'method'}")


def _scales(plot: Plot) -> tuple[svg.Scale, svg.Scale]:
    xs = [value for series in plot.series for value in series.x]
    ys = [value for series in plot.series for value in (*series.y, *series.low, *series.high)]
    if plot.target is not None:
        ys.append(plot.target)
    across = (svg.LEFT, svg.WIDTH - svg.RIGHT)
    if plot.categories:
        x = svg.Scale(-0.5, len(plot.categories) - 0.5, *across)
    else:
        x = svg.scale_for(xs, *across, margin=0.03)
    return x, svg.scale_for(ys, svg.HEIGHT - svg.BOTTOM, svg.TOP)


def _drawn(series: Series, index: int, x: svg.Scale, y: svg.Scale, shift: float, joined: bool) -> str:
    places = [(x(a) + shift, y(b) if math.isfinite(b) else math.nan) for a, b in zip(series.x, series.y, strict=True)]
    parts = [svg.path(places, class_=f"line hue{index % 7} dash{index % 4}")] if joined else []
    for (place, _), low, high in zip(places, series.low, series.high, strict=False):
        if math.isfinite(low) and math.isfinite(high):
            parts.append(_bar(place, y(low), y(high), index))
    parts += [svg.marker(index, place, level) for place, level in places if math.isfinite(level)]
    return "".join(parts)


def _bar(x: float, low: float, high: float, index: int) -> str:
    d = f"M{x:.1f} {low:.1f}V{high:.1f}M{x - CAP:.1f} {low:.1f}h{2 * CAP}M{x - CAP:.1f} {high:.1f}h{2 * CAP}"
    return svg.element("path", d=d, class_=f"bar hue{index % 7}")


def legend(plot: Plot) -> list[tuple[Markup, str]]:
    """Return mark and name of each series, where there are several."""
    if len(plot.series) < 2:
        return []
    return [(_key(index), series.name) for index, series in enumerate(plot.series)]


def _key(index: int) -> Markup:
    from markupsafe import Markup

    line = svg.path(((0, 7), (28, 7)), class_=f"line hue{index % 7} dash{index % 4}")
    body = line + svg.marker(index, 14, 7)
    return Markup(svg.element("svg", body, viewBox="0 0 28 14", aria_hidden="true", class_="key"))  # noqa: S704


def _short(name: str) -> str:
    return name if len(name) <= 16 else name[:15] + "…"
