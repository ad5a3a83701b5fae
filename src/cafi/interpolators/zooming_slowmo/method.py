"""Zooming SlowMo as a method that the engine can run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from cafi.errors import CafiError
from cafi.interpolators.protocol import Prediction
from cafi.interpolators.weights import load_weights, shipped
from cafi.interpolators.zooming_slowmo.network import MULTIPLE, ZOOMS, Architecture, ZoomingSlowMo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from cafi.interpolators.weights import Card


class ZoomingSlowMoMethod:
    """The middle of a gap, or with a zoom also its ends, from two or four frames; see `Interpolator`.

    Parameters
    ----------
    weights : Path, optional
        Those of an imported checkpoint or of one's own training; the shipped ones otherwise.
    zoom : 1, 2 or 4
    input_frames : 2 or 4
        Acquired frames that the network looks at; at the ends of a movie fewer.

    Raises
    ------
    CafiError
        If there are no weights, or they are damaged, of another version, or made for another zoom.
    """

    name = "zooming-slowmo"
    summary = "the published network of 11 million weights; also enlarges"
    times: Literal["any", "middle"] = "middle"
    reach: int | None = 48
    multiple = MULTIPLE
    classical = False
    colour = True

    def __init__(self, weights: Path | None = None, zoom: int = 1, input_frames: int = 2) -> None:
        path = weights or shipped(self.name)
        self.card, tensors = load_weights(path, self.name)
        known = known_zooms(self.card)
        if zoom not in known:
            able = " or ".join(f"--zoom {z}" for z in known)
            raise CafiError(f"{path}: these weights were not made for a zoom of {zoom}; take {able}, or other weights.")
        try:
            self.network = ZoomingSlowMo(Architecture(**self.card.architecture))
            self.network.load_state_dict(tensors)
        except (TypeError, RuntimeError) as error:
            raise CafiError(
                f"{path}: these weights are of another version of {self.name}; import or train them again."
            ) from error
        self.network.eval().requires_grad_(False)
        # Our own training shows grey frames alone: what it makes of colours is grey.
        self._in_colour = "losses" not in self.card.recipe
        self.zoom, self.context = zoom, input_frames // 2
        # Measured: 7.9 kB (18.4 kB at 4x) with 64 features; 2.2 kB (5.7 kB at 4x, 3.0 kB for four frames) with 16.
        self.bytes_per_pixel = self.network.architecture.features * (80 + 25 * input_frames + 14 * zoom**2)

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict frames in the middle or at the ends of gaps; see `Interpolator.predict`."""
        del frame_times  # the network takes them for equally spaced
        b, _, channels, height, width = frames.shape
        if channels == 3 and self._in_colour:
            return Prediction(self._by_window(frames, t, valid))
        grey = frames.transpose(1, 2).reshape(b * channels, -1, 1, height, width).expand(-1, -1, 3, -1, -1)
        made = self._by_window(grey, t.repeat_interleave(channels), valid.repeat_interleave(channels, 0))
        return Prediction(made.mean(1).view(b, channels, *made.shape[2:]))

    def _by_window(self, rgb: Tensor, t: Tensor, valid: Tensor) -> Tensor:
        """Predict (B, 3, zoom * Y, zoom * X), together where the same frames are there and the same place is wanted.

        On a CPU one after the other: it is not slower, and needs the memory of one.
        """
        self.network.to(rgb.device)
        valid = valid.clone()
        valid[:, self.context - 1 : self.context + 1] = True  # the gap's ends are always looked at
        kinds, members = torch.cat([valid, t[:, None]], 1).unique(dim=0, return_inverse=True)
        made = rgb.new_empty((len(rgb), 3, self.zoom * rgb.shape[-2], self.zoom * rgb.shape[-1]))
        for i, kind in enumerate(kinds):
            there = kind[:-1] > 0
            place = 2 * int(there[: self.context - 1].sum()) + round(2 * float(kind[-1]))
            alike = (members == i).nonzero()[:, 0]
            for chosen in alike.split(1 if rgb.device.type == "cpu" else len(alike)):
                made[chosen] = self.network(rgb[chosen][:, there], self.zoom, at=[place])[:, 0]
        return made


class SmallZoomingSlowMoMethod(ZoomingSlowMoMethod):
    """The same structure with fewer features and blocks, as the card of its weights says."""

    name = "zooming-slowmo-small"
    summary = "the same with fewer features and blocks"


def known_zooms(card: Card) -> tuple[int, ...]:
    """Return the zooms for which weights were made; all where an imported checkpoint was not said to be for one."""
    if (imported := card.recipe.get("zoom")) is not None:
        return (imported,)
    if "losses" not in card.recipe:
        return ZOOMS
    return tuple(zoom for zoom, weight in zoom_weights(card.recipe["losses"]).items() if weight)


def zoom_weights(losses: Mapping[str, float]) -> dict[int, float]:
    """Return how much a recipe's losses make of each zoom: ``zoom_1``, ``zoom_2``, ``zoom_4``; by default 1 alone."""
    return {zoom: losses.get(f"zoom_{zoom}", float(zoom == 1)) for zoom in ZOOMS}
