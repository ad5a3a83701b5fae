"""Zooming SlowMo as a network to train."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.interpolators.zooming_slowmo.method import zoom_weights
from cafi.interpolators.zooming_slowmo.network import MULTIPLE, Architecture, ZoomingSlowMo
from cafi.training.losses import charbonnier_loss, score_loss

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cafi.training.windows import Windows


class ZoomingSlowMoTrainee:
    """The published loss at every zoom that the recipe names, and the expected score.

    Every second batch shows two frames and the others four, so that the same weights serve both; validation shows two.
    For a zoom the frames are averaged over squares of pixels, as a coarser camera would have; then the ends of the gap
    are to be found again as well as its middle.

    Parameters
    ----------
    architecture : dict of str to int
        Of `Architecture`; what is left out is as published.
    weights : dict of str to float
        Of 'charbonnier' (1) and 'score' (0), and of 'zoom_1' (1), 'zoom_2' (0) and 'zoom_4' (0).
    """

    def __init__(self, architecture: dict[str, int], weights: dict[str, float]) -> None:
        sizes = Architecture(**architecture)
        self.network: nn.Module = ZoomingSlowMo(sizes)
        self.architecture: dict[str, int] = asdict(sizes)
        self._zooms = {zoom: weight for zoom, weight in zoom_weights(weights).items() if weight}
        self.multiple = MULTIPLE * max(self._zooms)
        self._charbonnier, self._score = weights.get("charbonnier", 1.0), weights.get("score", 0.0)
        self._batches = 0

    def losses(self, network: nn.Module, windows: Windows) -> dict[str, Tensor]:
        """Return the Charbonnier loss of all zooms, and the score of the least one."""
        frames = windows.frames[:, 1:3]
        if torch.is_grad_enabled():
            self._batches += 1
            frames = frames if self._batches % 2 else windows.frames
        middle = frames.shape[1] - 1
        parts = []
        scores = []
        for zoom, weight in self._zooms.items():
            seen = functional.avg_pool2d(frames, zoom)[:, :, None].expand(-1, -1, 3, -1, -1)
            if zoom == 1:
                places, truth = [middle], windows.truth
            else:
                places = [middle - 1, middle, middle + 1]
                truth = torch.cat([windows.clean[:, 1:2], windows.truth, windows.clean[:, 2:3]], 1)
            made = network(seen, zoom, at=places).float().mean(2)
            parts.append(weight * charbonnier_loss(made, truth))
            scores.append(score_loss(made[:, places.index(middle)][:, None], windows.truth, windows.variance))
        score = scores[0]
        # The score tells how good the network is, whether or not it is what is made small.
        return {
            "charbonnier": self._charbonnier * torch.stack(parts).sum(),
            "score": self._score * score + (1 - self._score) * score.detach(),
        }
