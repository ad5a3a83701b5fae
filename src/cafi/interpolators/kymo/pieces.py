"""Windows too many or too large to be predicted at once, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from cafi.interpolators.kymo.guess import guess_velocity
from cafi.interpolators.kymo.motion import Window
from cafi.interpolators.kymo.spans import shrunk, spans

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.interpolators.kymo.network import Answer, Kymo
    from cafi.interpolators.kymo.spans import Span

LARGEST = 768  # pixels: the side of what is kept of a piece
MARGIN = 128  # pixels around it that the network sees too


@dataclass(frozen=True)
class Whole:
    """What is kept of the network's answer.

    Attributes
    ----------
    mean, scale : Tensor of float32, shape (B, 1, Y, X)
    flows : Tensor of float32, shape (B, 2, 2, Y, X)
        Displacement (x, y) in pixels to both ends of the gap.
    features : Tensor of float32, shape (B, F)
        Their means over the frame.
    """

    mean: Tensor
    scale: Tensor
    flows: Tensor
    features: Tensor


def predict_in_pieces(network: Kymo, window: Window, largest: int = LARGEST, margin: int = MARGIN) -> Whole:
    """Predict windows with memory for the network that grows neither with the frame nor with the batch.

    The guess of motion is made on whole frames, so that cuts do not show in it.

    Parameters
    ----------
    network : Kymo
    window : Window
    largest, margin : int
        In pixels, multiples of `Kymo.MULTIPLE`.

    Returns
    -------
    Whole
    """
    guess = guess_velocity(window)
    b, _, height, width = window.frames.shape
    mean, flows = window.frames.new_empty((b, 1, height, width)), window.frames.new_empty((b, 2, 2, height, width))
    whole = Whole(mean, mean.clone(), flows, mean.new_zeros((b, network.architecture.near)))
    if max(height, width) <= largest + 2 * margin:
        largest = max(height, width)
    together = max(1, (LARGEST + 2 * MARGIN) ** 2 // (height * width))
    pieces = spans(height, largest, margin), spans(width, largest, margin)
    for start, rows, columns in product(range(0, b, together), *pieces):
        some = slice(start, start + together)
        answer = _predict(network, window, guess, some, rows, columns)
        _put(whole, answer, some, rows, columns)
    return whole


def _predict(network: Kymo, window: Window, guess: Tensor, some: slice, rows: Span, columns: Span) -> Answer:
    frames = window.frames[some, :, rows.seen, columns.seen]
    guessed = guess[some, :, shrunk(rows.seen, 2), shrunk(columns.seen, 2)]
    answer: Answer = network(Window(frames, window.times[some], window.t[some], window.valid[some]), guessed)
    return answer


def _put(whole: Whole, answer: Answer, some: slice, rows: Span, columns: Span) -> None:
    there, here = (rows.kept, columns.kept), (rows.within, columns.within)
    whole.mean[some, :, there[0], there[1]] = answer.mean[..., here[0], here[1]]
    whole.scale[some, :, there[0], there[1]] = answer.scale[..., here[0], here[1]]
    whole.flows[some, ..., there[0], there[1]] = answer.flows[:, 1:3, :, here[0], here[1]]
    features = answer.features[..., shrunk(here[0], 4), shrunk(here[1], 4)].mean((2, 3))
    height, width = whole.mean.shape[-2:]
    whole.features[some] += rows.length / height * columns.length / width * features
