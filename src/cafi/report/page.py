"""From plain data to one self-contained HTML file."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import cafi
from cafi.report.data import Estimate
from cafi.report.kymographs import kymographs
from cafi.report.pictures import make_pictures
from cafi.report.plots import draw, legend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from markupsafe import Markup

    from cafi.report.data import Cell, Plot, ReportData, Section
    from cafi.report.kymographs import Kymograph
    from cafi.report.pictures import Pictures

PICTURE_BYTES = 16_000_000  # of all players together, so that the file stays below 20 MB
NOTHING = "–"
STEPS = 100  # of progress for each section


@dataclass(frozen=True)
class Drawn:
    """A plot, ready for the page."""

    plot: Plot
    drawing: Markup
    legend: list[tuple[Markup, str]]
    numbers: list[tuple[str, Cell, Cell]]


@dataclass(frozen=True)
class _Shown:
    """A section, ready for the page."""

    section: Section
    player: dict[str, Any] | None
    player_notes: tuple[str, ...]
    kymographs: list[Kymograph]
    plots: list[Drawn]


def render(report: ReportData, on_progress: Callable[[int, int], None] | None = None) -> str:
    """Return the page as HTML text; whatever users named is escaped.

    Parameters
    ----------
    report : ReportData
    on_progress : callable, optional
        Called with how much of the work is done, and how much there is.
    """
    with_footage = sum(section.footage is not None for section in report.sections)
    sections = []
    for index, section in enumerate(report.sections):

        def watch(done: int, total: int, index: int = index) -> None:
            if on_progress is not None:
                on_progress(index * STEPS + STEPS * done // max(total, 1), STEPS * len(report.sections))

        sections.append(_shown(section, PICTURE_BYTES // max(with_footage, 1), watch))
    return fill("report.html", report.title, report=report, sections=sections, provenance=as_json(report.provenance))


def fill(template: str, title: str, **parts: object) -> str:
    """Return a page as HTML text, from a template that extends ``shell.html``; all that is put in is escaped."""
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("cafi.report", "page"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": shown, "coded": coded}
    page = files("cafi.report") / "page"
    return environment.get_template(template).render(
        title=title,
        version=cafi.__version__,
        # Our own files, which must not be escaped.
        style=Markup((page / "style.css").read_text(encoding="utf-8")),  # noqa: S704
        script=Markup((page / "player.js").read_text(encoding="utf-8")),  # noqa: S704
        **parts,
    )


def as_json(record: dict[str, Any]) -> str:
    """Write a record for reading; nothing where it is empty."""
    return json.dumps(record, indent=2, ensure_ascii=False) if record else ""


def drawn(plot: Plot) -> Drawn:
    """Make a plot ready for the page."""
    return Drawn(plot, draw(plot), legend(plot), list(_numbers(plot)))


def shown(cell: Cell) -> str:
    """Write a cell: numbers with about four digits, an estimate with its confidence interval behind it."""
    if cell is None:
        return NOTHING
    if isinstance(cell, Estimate):
        form = _form(cell.value)
        value = _number(cell.value, form)
        if cell.low is None or cell.high is None:
            return value
        return f"{value} ({_number(cell.low, form)} to {_number(cell.high, form)})"
    return str(cell) if isinstance(cell, (str, int)) else _number(cell, _form(cell))


def _form(value: float) -> str:
    """Return how a number of this size is written."""
    if not math.isfinite(value) or value == 0:
        return ".3f"
    size = math.floor(math.log10(abs(value)))
    return ".2e" if size < -3 else f".{min(max(3 - size, 0), 4)}f"


def _number(value: float, form: str) -> str:
    if math.isnan(value):
        return NOTHING
    return f"{value:{form}}".replace("inf", "∞").replace("-", "−")


def coded(words: str) -> Markup:
    """Escape a sentence, and set what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(words))))  # noqa: S704 - escaped


def _shown(section: Section, budget: int, watch: Callable[[int, int], None]) -> _Shown:
    player: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    lines: list[Kymograph] = []
    if section.footage is not None:
        pictures = make_pictures(section.footage, budget, watch)
        player = _player(section, pictures)
        notes = (*section.footage.notes, *_given_up(pictures))
        lines = kymographs(section.footage)
    return _Shown(section, player, notes, lines, [drawn(plot) for plot in section.plots])


def _player(section: Section, pictures: Pictures) -> dict[str, Any]:
    footage = section.footage
    if footage is None:
        raise ValueError("a player needs frames")
    return {
        "width": pictures.width,
        "height": pictures.height,
        "moments": [asdict(moment) for moment in footage.moments],
        "methods": list(footage.predicted),
        "channels": list(footage.channels),
        "layers": [asdict(layer) for layer in pictures.layers],
        "jpeg": pictures.jpeg,
    }


def _given_up(pictures: Pictures) -> Iterator[str]:
    if pictures.shrink > 1:
        yield (
            f"To keep this file small, pictures have one pixel for {pictures.shrink} x {pictures.shrink} of the movie."
        )
    if pictures.quality < 75:
        yield "To keep this file small, pictures are strongly compressed; look at the frames themselves for detail."


def _numbers(plot: Plot) -> Iterator[tuple[str, Cell, Cell]]:
    for series in plot.series:
        for i, (x, y) in enumerate(zip(series.x, series.y, strict=True)):
            interval = (series.low[i], series.high[i]) if series.low else (None, None)
            yield series.name, plot.categories[int(x)] if plot.categories else x, Estimate(y, *interval)
