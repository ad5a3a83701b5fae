"""DAIN as a method that the engine can run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from cafi.errors import CafiError
from cafi.interpolators.dain.network import Architecture, Dain
from cafi.interpolators.dain.padding import padding
from cafi.interpolators.protocol import Prediction
from cafi.interpolators.weights import load_weights, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from cafi.interpolators.dain.network import Side
    from cafi.interpolators.dain.padding import Padding


class DainMethod:
    """Any time in a gap from the two frames at its ends; see `Interpolator`.

    What does not depend on the time (flow, depth, context, kernels) is found out once for each gap. Flow and depth
    see the whole frame; synthesis, which takes most of the memory, works in strips.

    Parameters
    ----------
    weights : Path, optional
        Those of an imported checkpoint or of one's own training; the shipped ones otherwise.

    Raises
    ------
    CafiError
        If there are no weights, or they are damaged or of another version.
    """

    name = "dain"
    summary = "the published network of 24 million weights: flow, depth and learned kernels"
    context = 1
    times: Literal["any", "middle"] = "any"
    reach: int | None = None
    multiple = 1  # it pads by itself, as published
    zoom = 1
    classical = False
    colour = True
    bytes_per_pixel = 6_100

    def __init__(self, weights: Path | None = None) -> None:
        path = weights or shipped(self.name)
        self.card, tensors = load_weights(path, self.name)
        try:
            self.network = Dain(Architecture(**self.card.architecture))
            self.network.load_state_dict(tensors)
        except (TypeError, RuntimeError) as error:
            raise CafiError(
                f"{path}: these weights are of another version of {self.name}; import or train them again."
            ) from error
        self.network.eval().requires_grad_(False)
        # Our own training shows grey frames alone: what it makes of colours is grey.
        self._in_colour = "losses" not in self.card.recipe
        self._latest: list[tuple[Tensor, tuple[Side, Side]]] = []

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict frames inside gaps; see `Interpolator.predict`."""
        del frame_times, valid
        self.network.to(frames.device)
        b, _, channels, height, width = frames.shape
        alone = channels != 3 or not self._in_colour
        images = frames.transpose(1, 2).reshape(b * channels, 2, 1, height, width) if alone else frames
        each = len(images) // b
        self._latest = [known for known in self._latest if any(_same(known[0], image) for image in images)]
        means, motions = [], []
        for image, time in zip(images, t.repeat_interleave(each), strict=True):
            mean, motion = self._one(self._sides(image), time[None], padding(height, width))
            means.append(mean.mean(1) if alone else mean[0])
            motions.append(motion)
        mean = torch.stack(means).view(b, channels, height, width)
        return Prediction(mean, motion=torch.stack(motions).unflatten(0, (b, each)).mean(1))

    def _one(self, sides: tuple[Side, Side], t: Tensor, around: Padding) -> tuple[Tensor, Tensor]:
        """Predict one image (1, 3, Y, X), and its motion (2, 2, Y, X)."""
        answer = self.network.at(sides, t)
        return around.remove(answer.mean), around.remove(torch.cat(answer.flows))

    def _sides(self, pair: Tensor) -> tuple[Side, Side]:
        """What is known of a pair of frames: remembered for other times of the same gap, up to the next batch."""
        for known, sides in self._latest:
            if _same(known, pair):
                return sides
        first, last = padding(*pair.shape[-2:]).add(pair.expand(-1, 3, -1, -1)).split(1)
        sides = self.network.look(first, last)
        self._latest.append((pair, sides))
        return sides


def _same(first: Tensor, last: Tensor) -> bool:
    return first.shape == last.shape and first.device == last.device and torch.equal(first, last)


class SmallDainMethod(DainMethod):
    """The same structure with fewer features and blocks, as the card of its weights says."""

    name = "dain-small"
    summary = "the network of dain with fewer features and blocks"
    bytes_per_pixel = 2_300
