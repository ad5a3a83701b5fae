"""Frames too large to be predicted at once, piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cafi.interpolators.kymo.guess import guess_velocity
from cafi.interpolators.kymo.motion import Window
from cafi.interpolators.kymo.network import Answer, Kymo

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = 1024  # pixels: the side of what is kept of a piece
MARGIN = 128  # pixels around it that the network sees too


def predict_in_pieces(network: Kymo, window: Window, largest: int = LARGEST, margin: int = MARGIN) -> Answer:
    """Predict a window with memory for the network that does not grow with the frame.

    The guess of motion is made on the whole frame, so that cuts do not show in it.

    Parameters
    ----------
    network : Kymo
    window : Window
    largest, margin : int
        In pixels, multiples of `Kymo.MULTIPLE`.

    Returns
    -------
    Answer
        Without steps.
    """
    guess = guess_velocity(window)
    height, width = window.frames.shape[-2:]
    if max(height, width) <= largest + 2 * margin:
        whole: Answer = network(window, guess)
        return whole
    rows = []
    for y in range(0, height, largest):
        answers = []
        for x in range(0, width, largest):
            seen = (_around(y, largest, margin, height), _around(x, largest, margin, width))
            kept = (_kept(y, largest, height, seen[0]), _kept(x, largest, width, seen[1]))
            answers.append(_cropped(_predict_piece(network, window, guess, seen), kept))
        rows.append(_joined(answers, -1))
    return _joined(rows, -2)


def _around(start: int, largest: int, margin: int, length: int) -> slice:
    return slice(max(0, start - margin), min(length, start + largest + margin))


def _kept(start: int, largest: int, length: int, seen: slice) -> slice:
    return slice(start - seen.start, min(start + largest, length) - seen.start)


def _predict_piece(network: Kymo, window: Window, guess: Tensor, seen: tuple[slice, slice]) -> Answer:
    frames = window.frames[..., seen[0], seen[1]]
    guessed = guess[..., _shrunk(seen[0], 2), _shrunk(seen[1], 2)]
    answer: Answer = network(Window(frames, window.times, window.t, window.valid), guessed)
    return answer


def _cropped(answer: Answer, kept: tuple[slice, slice]) -> Answer:
    mean, scale, flows = (part[..., kept[0], kept[1]] for part in (answer.mean, answer.scale, answer.flows))
    return Answer(mean, scale, flows, [], answer.features[..., _shrunk(kept[0], 4), _shrunk(kept[1], 4)])


def _shrunk(place: slice, factor: int) -> slice:
    return slice(place.start // factor, place.stop // factor)


def _joined(answers: list[Answer], axis: int) -> Answer:
    parts = [torch.cat([getattr(a, name) for a in answers], axis) for name in ("mean", "scale", "flows", "features")]
    return Answer(parts[0], parts[1], parts[2], [], parts[3])
