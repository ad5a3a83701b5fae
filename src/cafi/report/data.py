"""What a report says, as plain data. Every part may be absent; the page leaves out what is not there.

Parts are filled from held-out checks (`cafi.report.evaluated`) and from finished movies (`cafi.report.interpolated`);
the page knows nothing of where they come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cafi.report.footage import Footage

Word = Literal["use", "use with care", "do not use", "not judged"]


@dataclass(frozen=True)
class Verdict:
    """Whether the predicted frames may be used, and why.

    Attributes
    ----------
    word : 'use', 'use with care', 'do not use' or 'not judged'
    reasons : tuple of str
        A sentence each.
    """

    word: Word
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """A number and its confidence interval, where it has one.

    Attributes
    ----------
    value : float
    low, high : float or None
        Ends of the interval, 95 % unless the text beside it says otherwise.
    """

    value: float
    low: float | None = None
    high: float | None = None


Cell = str | float | int | Estimate | None


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers.

    Attributes
    ----------
    title : str
    columns : tuple of str
    rows : tuple of tuple of Cell
        As many cells as columns; None where there is nothing to say. The first names the row; what it says from the
        second line on is set small.
    notes : tuple of str
        What a reader must know to read it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether a column holds numbers alone."""
        return tuple(not any(isinstance(row[i], str) for row in self.rows) for i in range(len(self.columns)))


@dataclass(frozen=True)
class Series:
    """One line of a plot; all of one length.

    Attributes
    ----------
    name : str
    x, y : tuple of float
    low, high : tuple of float, or empty
        Ends of the confidence interval of each y.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Plot:
    """Lines over two axes.

    Attributes
    ----------
    title, x_label, y_label : str
        Labels with their unit.
    series : tuple of Series
    notes : tuple of str
    target : float or None
        A level to be compared with, drawn as a horizontal line.
    kind : 'line' or 'points'
        Points: x counts the names in ``categories``.
    categories : tuple of str
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    notes: tuple[str, ...] = ()
    target: float | None = None
    kind: Literal["line", "points"] = "line"
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Caution:
    """A warning: where, and the reason.

    Attributes
    ----------
    where : str
        Such as 'gap 4-6', or 'movie'.
    reason : str
        A sentence.
    """

    where: str
    reason: str


@dataclass(frozen=True)
class Section:
    """Everything about one movie at one rate.

    Attributes
    ----------
    name : str
        Such as 'cells.nd2, every second frame held out'.
    verdict : Verdict or None
    facts : tuple of str
        What was found, a sentence each; 'better' is said only where it is.
    footage : Footage or None
        What the player and the kymographs show.
    tables : tuple of Table
        Methods first.
    plots : tuple of Plot
    cautions : tuple of Caution
    notes : tuple of str
    methods_text : tuple of str
        Paragraphs for a paper.
    """

    name: str
    verdict: Verdict | None = None
    facts: tuple[str, ...] = ()
    footage: Footage | None = None
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    cautions: tuple[Caution, ...] = ()
    notes: tuple[str, ...] = ()
    methods_text: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportData:
    """A whole report.

    Attributes
    ----------
    title : str
    sections : tuple of Section
        One for each movie and rate.
    command : str or None
        The command line that makes it again.
    provenance : dict
        JSON-serialisable.
    tables : tuple of Table
        Over all sections.
    """

    title: str
    sections: tuple[Section, ...]
    command: str | None = None
    provenance: dict[str, object] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()


def channel_label(name: str) -> str:
    """Return a channel's name; of one without a name its number, and that it is one."""
    return f"channel {name}" if name.isdecimal() else name
