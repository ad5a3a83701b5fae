"""DAIN as a network to train."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.interpolators.dain.flow import SCALE
from cafi.interpolators.dain.network import MULTIPLE, Architecture, Dain
from cafi.layers.warping import warp
from cafi.training.losses import score_loss

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cafi.interpolators.dain.network import Answer
    from cafi.training.windows import Windows

EPSILON = 1e-6
FLOOR = 3e-3  # of the mean absolute difference of warped frames
QUIET = 0.1
INNER = [5, 6, 9, 10]  # of the 4 x 4 pixels of a kernel those between which bilinear interpolation fetches
LEVELS = 4  # of the flow pyramid that are shown what to do; the coarsest are but a few pixels


class DainTrainee:
    """The published loss, on the synthesised frame, and parts without which nothing is learned from scratch.

    Published were weights whose flow and depth networks had been trained before. 'flow' asks that at every level one
    noise-free frame, fetched along the flow, be like the other.

    Parameters
    ----------
    architecture : dict of str to int
        Of `Architecture`; what is left out is as published.
    weights : dict of str to float
        Of 'charbonnier' (1), 'score' (0) and 'flow' (0).
    """

    def __init__(self, architecture: dict[str, int], weights: dict[str, float]) -> None:
        sizes = Architecture(**architecture)
        self.network: nn.Module = begin_as_blending(Dain(sizes))
        self.architecture: dict[str, int] = asdict(sizes)
        self.multiple = MULTIPLE
        self._charbonnier, self._score = weights.get("charbonnier", 1.0), weights.get("score", 0.0)
        self._flow = weights.get("flow", 0.0)

    def losses(self, network: nn.Module, windows: Windows) -> dict[str, Tensor]:
        """Return the Charbonnier loss, the score and the flow loss of grey frames, repeated to RGB."""
        first, last = (windows.frames[:, k : k + 1].expand(-1, 3, -1, -1) for k in (1, 2))
        answer: Answer = network(first, last, windows.t)
        made = answer.mean.float()
        parts = {}
        if self._charbonnier:
            parts["charbonnier"] = self._charbonnier * ((made - windows.truth) ** 2 + EPSILON**2).sqrt().mean()
        if self._flow:
            there, back = windows.clean[:, 1:2], windows.clean[:, 2:3]
            ahead = flow_loss(answer.levels[0][:LEVELS], there, back)
            parts["flow"] = self._flow * (ahead + flow_loss(answer.levels[1][:LEVELS], back, there)) / 2
        score = score_loss(made.mean(1, keepdim=True), windows.truth, windows.variance)
        # The score tells how good the network is, whether or not it is what is made small.
        parts["score"] = self._score * score + (1 - self._score) * score.detach()
        return parts


@torch.no_grad()
def begin_as_blending(network: Dain) -> Dain:
    """Make all motion and every correction small, and kernels bilinear, so that frames are blended at first."""
    heads = (network.initScaleNets_filter1[-1], network.initScaleNets_filter2[-1])
    flows = [part for name, part in network.flownets.named_children() if name.startswith(("predict_flow", "dc_conv7"))]
    for part in (*heads, *flows, network.rectifyNet[-1]):
        for parameter in part.parameters():
            parameter.mul_(QUIET)
    for head in heads:
        dict(head.named_parameters())["bias"][INNER] = 1
    return network


def flow_loss(levels: list[Tensor], first: Tensor, last: Tensor) -> Tensor:
    """Mean logarithm of how much ``last``, fetched along the flow, differs from ``first``, over levels.

    Parameters
    ----------
    levels : list of Tensor, shape (B, 2, Y / 4, X / 4) and coarser
        From first to last, in units of 20 pixels of the frame.
    first, last : Tensor, shape (B, 1, Y, X)
        Without noise.
    """
    # Only at full size does a fraction of a pixel show; the finest flow is judged there too.
    full = functional.interpolate(levels[0].float(), scale_factor=4.0, mode="bilinear", align_corners=False)
    found = []
    for flow in (full, *levels):
        factor = first.shape[-1] // flow.shape[-1]
        here, there = (functional.avg_pool2d(v, factor) if factor > 1 else v for v in (first, last))
        error = (warp(there, flow.float() * (SCALE / factor)) - here).abs().mean((1, 2, 3))
        found.append((error + FLOOR).log().mean())
    return torch.stack(found).mean()
