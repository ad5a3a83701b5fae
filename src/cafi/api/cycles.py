"""Predictions of neighbouring gaps, brought together wherever they lie around an acquired frame."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from cafi.movie.writing.progress import told_clearly
from cafi.quality.warnings.cycle import cycle
from cafi.quality.warnings.ends import small

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.engine.partial import Partial
    from cafi.movie.frames import FrameTable

    Frame = NDArray[np.float32]

NOTE = "cycle "
FOLDER = "around"


class Cycles:
    """Compares each acquired frame with the predictions around it, as soon as there are both.

    Small copies wait on the disk until they are not needed any more, so that a killed run goes on without a loss.

    Parameters
    ----------
    table : FrameTable
        Of the output.
    middles : dict of int to int
        The output frame that is looked at in each gap.
    partial : Partial
    """

    def __init__(self, table: FrameTable, middles: dict[int, int], partial: Partial) -> None:
        self._table, self._middles, self._partial = table, middles, partial
        self._folder, self._lock = partial.folder / FOLDER, threading.Lock()

    def see(self, gap: int, z: int, mean: Frame, ends: tuple[Frame, Frame]) -> None:
        """Take the prediction (C, Y, X) in a gap, with the acquired frames at its ends."""
        own = small(mean)
        with self._lock:
            self._keep(gap, z, own)
            earlier, later = self._kept(gap - 1, z), self._kept(gap + 1, z)
        if earlier is not None:
            self._compare(gap, z, earlier, own, ends[0])
        if later is not None:
            self._compare(gap + 1, z, own, later, ends[1])
        with self._lock:
            for other in (gap - 1, gap, gap + 1):
                if self._told(other, z) and self._told(other + 1, z):
                    self._path(other, z).unlink(missing_ok=True)

    def _compare(self, frame: int, z: int, earlier: Frame, later: Frame, measured: Frame) -> None:
        if not self._told(frame, z):
            before, after = (self._table.positions[self._middles[gap]] for gap in (frame - 1, frame))
            place = float((self._table.source_positions[frame] - before) / (after - before))
            self._partial.note(f"{NOTE}{frame},{z}", cycle(earlier, later, small(measured), place))

    def _told(self, frame: int, z: int) -> bool:
        """Whether nothing is left to compare an acquired frame with."""
        inside = frame - 1 in self._middles and frame in self._middles
        return not inside or f"{NOTE}{frame},{z}" in self._partial.notes

    def _keep(self, gap: int, z: int, own: Frame) -> None:
        draft = self._path(gap, z).with_suffix(".part")
        with told_clearly(self._partial.folder, lambda: f"{len(self._partial.done)} frames are stored"):
            self._folder.mkdir(exist_ok=True)
            with draft.open("wb") as file:
                np.save(file, own)
            draft.replace(self._path(gap, z))

    def _kept(self, gap: int, z: int) -> Frame | None:
        try:
            kept: Frame = np.load(self._path(gap, z))
        except (FileNotFoundError, EOFError, ValueError):  # a power cut may have left it damaged
            return None
        return kept

    def _path(self, gap: int, z: int) -> Path:
        return self._folder / f"{gap}_{z}.npy"


def cycle_of(partial: Partial, gap: int, z: int, channel: int) -> float | None:
    """Return the mean over the acquired frames at a gap's ends; None where neither was compared."""
    notes = (partial.notes.get(f"{NOTE}{frame},{z}") for frame in (gap, gap + 1))
    known = [note[channel] for note in notes if note is not None]
    return sum(known) / len(known) if known else None
