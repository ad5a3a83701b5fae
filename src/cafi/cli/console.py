"""What the commands share: progress, messages on standard error, tables, JSON on standard output."""

from __future__ import annotations

import json
import math
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATIENCE = 2.0  # seconds of silence that a user bears
WIDEST = 1000  # characters
LONGEST_WORD = 20  # characters that a table does not break


def messages() -> Console:
    """Return the console for progress and messages: standard error, so that output can be piped."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Say something to the user, on standard error."""
    messages().print(text, markup=False)


def warn(text: str) -> None:
    """Say something that the user should not miss, on standard error."""
    messages().print(f"[yellow]note:[/yellow] {_escaped(text)}")


@contextmanager
def told_warnings() -> Iterator[None]:
    """Tell run-time warnings as notes, at once, instead of as Python shows them."""
    shown = warnings.showwarning

    def tell(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, RuntimeWarning):
            warn(str(message))
        else:
            shown(message, category, *where, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("always", RuntimeWarning)
        warnings.showwarning = tell
        yield


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None) -> None:
    """Print a table on standard output; numbers are aligned to the right."""
    # Without vertical lines eight columns fit into 80 characters with no word broken.
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    shown = [[_shown(cell) for cell in row] for row in rows]
    for i, column in enumerate(columns):
        numeric = all(isinstance(row[i], int | float) or row[i] in ("", "-") for row in rows)
        # Only columns of several words give way, and no further than to their longest word.
        words = [word for text in (column, *(row[i] for row in shown)) for word in text.split()]
        longest = min(LONGEST_WORD, max(map(len, words), default=1))
        rigid = all(" " not in row[i] and len(row[i]) <= LONGEST_WORD for row in shown)
        side: Literal["right", "left"] = "right" if numeric else "left"
        table.add_column(column, justify=side, overflow="fold", min_width=longest, no_wrap=rigid)
    for row in shown:
        table.add_row(*map(_escaped, row))
    console = Console(highlight=False)
    # Rather too wide than cut off.
    console.width = max(console.width, console.measure(table, options=console.options.update(width=WIDEST)).minimum)
    console.print(table)


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output; numbers that are not finite become null."""
    print(json.dumps(_finite(value), indent=2, ensure_ascii=False, default=str))


@contextmanager
def progress(title: str, unit: str = "frames") -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar with speed and time left, once it has taken two seconds.

    Yields
    ------
    callable
        To be called with how many are done and how many there are.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    bar = Progress(*columns, console=messages(), transient=False)
    task = bar.add_task(title, total=None, speed="")
    first: list[int] = []

    def update(done: int, total: int) -> None:
        if not first:
            first.append(done)
        seconds = time.monotonic() - started
        if seconds > PATIENCE and not bar.live.is_started:
            bar.start()
        bar.update(task, completed=done, total=total, speed=f"{(done - first[0]) / max(seconds, 1e-9):.1f} {unit}/s")

    try:
        yield update
    finally:
        if bar.live.is_started:
            bar.stop()


def _shown(cell: object) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
