"""Writing a report: whole or not at all, and never over a file that is no report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cafi.movie.writing import replacing
from cafi.movie.writing.progress import told_clearly
from cafi.report.page import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cafi.report.data import ReportData

MARK = '<meta name="generator" content="cafi'  # stands within the first bytes of every report
SEEN = 2048  # bytes in which it is looked for


def save(report: ReportData, path: Path, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """Write a report, replacing an earlier one, and return its path.

    Parameters
    ----------
    report : ReportData
    path : Path
    on_progress : callable, optional
        As in `cafi.report.page.render`.

    Raises
    ------
    CafiError
        If another file is in the way, the disk is full or the folder cannot be written.
    """
    refuse_foreign(path)
    return save_page(render(report, on_progress), path)


def save_page(text: str, path: Path) -> Path:
    """Write a page that is HTML text already, as `save` does, and return its path."""
    refuse_foreign(path)
    unfinished = path.with_name(path.name + ".partial")
    with told_clearly(path, lambda: "the report is not stored"):
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    return path


def refuse_foreign(path: Path) -> None:
    """Refuse to replace what is no report.

    Raises
    ------
    CafiError
        If there is a file or folder at this place that is no report.
    """
    replacing.refuse_foreign(path, "report", _is_report)


def _is_report(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return MARK.encode() in file.read(SEEN)
