"""Held-out frames of the validation parts, by which a network is judged while it learns."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cafi.engine.predicting import Predictor
from cafi.engine.windows import AcquiredFrame, Slot, Window
from cafi.finetuning.split import Area
from cafi.finetuning.windows import cut_window, gaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray
    from torch import nn

    from cafi.finetuning.reels import Reel
    from cafi.interpolators.protocol import Interpolator

FRAMES = 24  # that are asked for, at most
LEAST_FRAMES = 4
SECONDS = 12.0  # that one judgement may take
FIELD = 320  # side of what a network is shown of a frame, at most, in pixels
SEED = 0
LEAST_ERROR = 1e-12


@dataclass(frozen=True)
class Question:
    """A held-out frame.

    Attributes
    ----------
    window : Window
        What a method is shown.
    truth : ndarray of float32, shape (Y, X)
    rows, columns : slice
        The part of it that counts.
    """

    window: Window
    truth: NDArray[np.float32]
    rows: slice
    columns: slice


class Examination:
    """Every second frame of the validation parts is held out, and predicted from the others.

    Parameters
    ----------
    reels : sequence of Reel
    interpolator : Interpolator
        With a ``network`` that is exchanged for the one that is judged.
    device : torch.device
    count : int, optional
        Frames that are asked for; otherwise as many as the time allows.
    """

    def __init__(
        self, reels: Sequence[Reel], interpolator: Interpolator, device: torch.device, count: int | None = None
    ) -> None:
        self._interpolator = interpolator
        self._predictor = Predictor(interpolator, device, None)
        questions = _questions(reels, interpolator.context)
        began, base = time.monotonic(), []
        for done, question in enumerate(questions[:count], 1):
            base.append(self._psnr(question))
            if count is None and done >= LEAST_FRAMES and time.monotonic() - began > SECONDS:
                break
        self.questions, self.base = questions[: len(base)], np.array(base)

    def gain(self, network: nn.Module) -> float:
        """Return the mean PSNR of a network over that of the one it began with, in dB."""
        self._interpolator.network = network  # type: ignore[attr-defined]
        return float(np.mean([self._psnr(question) for question in self.questions] - self.base))

    def predict(self, question: Question) -> NDArray[np.float32]:
        """Return the prediction of the network that was judged last, shape (Y, X)."""
        made: NDArray[np.float32] = self._predictor.predict([question.window])[0, 0]
        return made

    def _psnr(self, question: Question) -> float:
        error = (self.predict(question) - question.truth)[question.rows, question.columns]
        return -10 * math.log10(max(float(np.mean(error.astype(np.float64) ** 2)), LEAST_ERROR))


def _questions(reels: Sequence[Reel], context: int) -> list[Question]:
    """Frames from all movies in turn, in a seeded order within each."""
    random = np.random.default_rng(SEED)
    each = [_of_one(reel, context, random) for reel in reels]
    return [q for q in chain(*zip_longest(*each)) if q is not None][:FRAMES]


def _of_one(reel: Reel, context: int, random: np.random.Generator) -> list[Question]:
    part, z = reel.split.validation, reel.header.size.z // 2
    middles = dict.fromkeys(gap for gap in gaps(part, middle=True) if gap.stride == 2)
    pairs = [(gap, plane) for gap in middles if reel.whole(gap.places[0], gap.places[3]) for plane in reel.planes]
    found = []
    for gap, plane in (pairs[i] for i in random.permutation(len(pairs))[:FRAMES]):
        field, rows, columns = field_of_view(part.area, reel.header.size.y, reel.header.size.x, random)
        cut = cut_window(reel, gap, z, plane, field)
        frames = tuple(AcquiredFrame(frame[None], np.ascontiguousarray(frame[None]), None) for frame in cut.frames)
        chosen = slice(2 - context, 2 + context)
        window = Window(
            Slot(gap.target, z), frames[chosen], cut.times[chosen], tuple(v > 0 for v in cut.valid[chosen]), cut.t
        )
        found.append(Question(window, cut.truth, rows, columns))
    return found


class _Stretch(NamedTuple):
    begin: int
    length: int


def field_of_view(area: Area, height: int, width: int, random: np.random.Generator) -> tuple[Area, slice, slice]:
    """Choose what a network is shown of a large frame, and which part of that counts.

    Parameters
    ----------
    area : Area
        That counts.
    height, width : int
        Of the frame.
    random : Generator

    Returns
    -------
    Area
        At most `FIELD` pixels a side.
    tuple of slice
        Rows and columns within it that lie in ``area``.
    """
    (y, h), rows = _stretch(_Stretch(area.top, area.height), height, random)
    (x, w), columns = _stretch(_Stretch(area.left, area.width), width, random)
    return Area(y, x, h, w), rows, columns


def _stretch(counted: _Stretch, side: int, random: np.random.Generator) -> tuple[_Stretch, slice]:
    shown = _Stretch(0, side)
    if side > FIELD and counted.length >= FIELD:
        shown = _Stretch(counted.begin + int(random.integers(counted.length - FIELD + 1)), FIELD)
    elif side > FIELD:
        middle = counted.begin + counted.length // 2
        shown = _Stretch(min(max(middle - FIELD // 2, 0), side - FIELD), FIELD)
    begin = max(counted.begin - shown.begin, 0)
    end = min(counted.begin + counted.length - shown.begin, shown.length)
    return shown, slice(begin, end)
