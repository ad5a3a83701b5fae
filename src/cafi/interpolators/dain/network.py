"""The whole network: flow, depth, context and kernels of two frames, then a frame at any time between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from cafi.interpolators.dain.context import Context
from cafi.interpolators.dain.depth import depth_network
from cafi.interpolators.dain.flow import SCALE, FlowNetwork
from cafi.interpolators.dain.kernels import KERNEL, KernelTrunk, kernel_head
from cafi.interpolators.dain.synthesis import Synthesis
from cafi.layers.adaptive_warping import adaptive_warp
from cafi.layers.flow_projection import project_flow

if TYPE_CHECKING:
    from torch import Tensor

MULTIPLE = 64  # height and width of frames must be divisible by it
NEAREST = 1e-6  # keeps the weight of the most distant pixels above 0
STRIP = 2**16  # pixels that are synthesised at once, which bounds memory


@dataclass(frozen=True)
class Architecture:
    """The size of the network; the defaults are those of the published one.

    Attributes
    ----------
    flow, depth, kernels : int
        Channels of the narrowest layer of the flow, depth and kernel networks; all others are in proportion.
    context : int
        Channels of each of its three layers.
    synthesis, blocks : int
        Channels and residual blocks.
    """

    flow: int = 16
    depth: int = 16
    kernels: int = 16
    context: int = 64
    synthesis: int = 128
    blocks: int = 3


class Side(NamedTuple):
    """What is known of one of the two frames, whatever the time.

    Attributes
    ----------
    frame : Tensor, shape (B, 3, Y, X)
    flows : list of Tensor, shape (B, 2, Y / 4, X / 4) and coarser
        To the other frame, (x, y) in units of 20 pixels of the frame; finest first.
    depth : Tensor, shape (B, 1, Y, X)
        Logarithm of it.
    context : Tensor, shape (B, 4 + 3 * context, Y, X)
        Channels last in memory.
    kernels : Tensor, shape (B, 16, Y, X)
    """

    frame: Tensor
    flows: list[Tensor]
    depth: Tensor
    context: Tensor
    kernels: Tensor


class Answer(NamedTuple):
    """A frame between two.

    Attributes
    ----------
    mean : Tensor, shape (B, 3, Y, X)
        The synthesised frame ("rectified" in the published code).
    blended : Tensor, shape (B, 3, Y, X)
        Before synthesis.
    warped : tuple of Tensor, shape (B, 3, Y, X)
        Both frames at the wanted time.
    flows : tuple of Tensor, shape (B, 2, Y, X)
        From the wanted time to the first and to the last frame, (x, y) in pixels.
    levels : tuple of list of Tensor
        `Side.flows` of both frames.
    """

    mean: Tensor
    blended: Tensor
    warped: tuple[Tensor, Tensor]
    flows: tuple[Tensor, Tensor]
    levels: tuple[list[Tensor], list[Tensor]]


class Dain(nn.Module):
    """Depth-aware video frame interpolation (Bao et al., CVPR 2019).

    Submodules are named as in published checkpoints. In training mode holes of the projected flow stay empty, batch
    statistics are those of both frames together, and nothing is learned through what warps the context.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = size = architecture
        self.initScaleNets_filter = KernelTrunk(size.kernels)
        self.initScaleNets_filter1 = kernel_head(size.kernels)
        self.initScaleNets_filter2 = kernel_head(size.kernels)
        self.ctxNet = Context(size.context)
        inputs = 3 + 2 * (3 + 2 + KERNEL + 4 + 3 * size.context)
        self.rectifyNet = Synthesis(inputs, size.synthesis, size.blocks)
        self.flownets = FlowNetwork(size.flow)
        self.depthNet = depth_network(size.depth)

    def forward(self, first: Tensor, last: Tensor, t: Tensor) -> Answer:
        """Predict the frame at time t between two.

        Parameters
        ----------
        first, last : Tensor of float32, shape (B, 3, Y, X)
            Sides divisible by 64; most values in [0, 1].
        t : Tensor of float32, shape (B,)
            In (0, 1).
        """
        return self.at(self.look(first, last), t)

    def look(self, first: Tensor, last: Tensor) -> tuple[Side, Side]:
        """Find out everything about two frames that does not depend on the time between them."""
        frames = (first, last)
        flows = self.flownets(first, last)
        depths = self._depths(first, last)
        shared = self.initScaleNets_filter(torch.cat(frames, 1))
        heads = (self.initScaleNets_filter1, self.initScaleNets_filter2)
        sides = []
        for frame, levels, depth, head in zip(frames, flows, depths, heads, strict=True):
            context = torch.cat([self.ctxNet(frame), depth.detach()], 1)
            context = context.contiguous(memory_format=torch.channels_last)
            sides.append(Side(frame, levels, depth.float(), context, head(shared).float()))
        return sides[0], sides[1]

    def _depths(self, first: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        if self.training:
            both = self.depthNet(torch.cat([first, last])).chunk(2)
            return both[0], both[1]
        return self.depthNet(first), self.depthNet(last)

    def at(self, sides: tuple[Side, Side], t: Tensor) -> Answer:
        """Predict the frame at time t; see `forward`."""
        t = t[:, None, None, None]
        flows = [self._projected(side, time) for side, time in zip(sides, (t, 1 - t), strict=True)]
        warped = [adaptive_warp(side.frame, flow, side.kernels) for side, flow in zip(sides, flows, strict=True)]
        blended = (1 - t) * warped[0] + t * warped[1]
        here = torch.cat([blended, *warped, *flows, sides[0].kernels, sides[1].kernels], 1)
        mean = blended + self._synthesised(sides, flows, here)
        levels = (sides[0].flows, sides[1].flows)
        return Answer(mean, blended, (warped[0], warped[1]), (flows[0], flows[1]), levels)

    def _projected(self, side: Side, time: Tensor) -> Tensor:
        """Flow to a frame, seen from ``time`` of a gap after (or before) it."""
        flow = SCALE * side.flows[0].float() * time
        flow = functional.interpolate(flow, scale_factor=4.0, mode="bilinear", align_corners=False)
        weight = NEAREST + 1 / side.depth.exp()
        return project_flow(flow, weight, fill=not self.training).flow

    def _synthesised(self, sides: tuple[Side, Side], flows: list[Tensor], here: Tensor) -> Tensor:
        """What synthesis adds; strip by strip unless in training, with the same result."""
        height, width = here.shape[-2:]
        reach = self.rectifyNet.reach
        rows = height if self.training else max(STRIP // width, 2 * reach)
        strips = []
        for start in range(0, height, rows):
            end = min(start + rows, height)
            top, bottom = max(start - reach, 0), min(end + reach, height)
            seen = [here[:, :, top:bottom]]
            for side, flow in zip(sides, flows, strict=True):
                flow, kernels = (v[:, :, top:bottom].detach() for v in (flow, side.kernels))
                seen.append(adaptive_warp(side.context, flow, kernels, top))
            strips.append(self.rectifyNet(torch.cat(seen, 1))[:, :, start - top : end - top])
        return torch.cat(strips, 2)
