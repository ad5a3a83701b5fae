"""The whole network: features of each frame, missing ones between them, what all times know, frames."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

from cafi.interpolators.checkpoints import Layout, shapes_of
from cafi.interpolators.zooming_slowmo.alignment import Aligner
from cafi.interpolators.zooming_slowmo.features import ResidualBlock, convolution, rectify
from cafi.interpolators.zooming_slowmo.lstm import BidirectionalLstm
from cafi.interpolators.zooming_slowmo.reconstruction import reconstruct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

ZOOMS = (1, 2, 4)
MULTIPLE = 4  # of both sides of a frame


@dataclass(frozen=True)
class Architecture:
    """The size of the network; the defaults are the published one.

    Attributes
    ----------
    features : int
        Channels of all feature maps; a multiple of groups.
    groups : int
        Of channels that a deformable convolution fetches from the same places.
    front, back : int
        Residual blocks before and after the sequence is looked at.
    """

    features: int = 64
    groups: int = 8
    front: int = 5
    back: int = 40


class ZoomingSlowMo(Aligner):
    """Zooming Slow-Mo (Xiang et al., CVPR 2020): N frames in, 2 N - 1 out, at 1, 2 or 4 times the size.

    Names and shapes of all parameters are those of the published checkpoints, which hold the layers of 4x whatever
    the zoom. It is an `Aligner` itself, because they have its layers at their top level.
    """

    def __init__(self, architecture: Architecture) -> None:
        features, groups = architecture.features, architecture.groups
        super().__init__(features, groups)
        self.architecture = architecture
        self.conv_first = convolution(3, features)
        self.feature_extraction = nn.Sequential(*(ResidualBlock(features) for _ in range(architecture.front)))
        self.ConvBLSTM = BidirectionalLstm(features, groups)
        self.recon_trunk = nn.Sequential(*(ResidualBlock(features) for _ in range(architecture.back)))
        self.upconv1 = convolution(features, 4 * features)
        self.upconv2 = convolution(features, 4 * features)
        self.HRconv = convolution(features, features)
        self.conv_last = convolution(features, 3)

    def forward(self, frames: Tensor, zoom: int = 1, at: Sequence[int] | None = None) -> Tensor:
        """Predict frames at and between those given.

        Parameters
        ----------
        frames : Tensor of float32, shape (B, N, 3, Y, X)
            RGB, most values in [0, 1]; N of 2 or more, Y and X multiples of 4.
        zoom : 1, 2 or 4
        at : sequence of int, optional
            Which places of the sequence to return, 0 for the first frame, 1 for the one between it and the second;
            all 2 N - 1 by default. What none of them needs is not computed; the result is the same.

        Returns
        -------
        Tensor, shape (B, len(at), 3, zoom * Y, zoom * X)
            Not clamped.
        """
        sequence = self.sequence(frames)
        merged = self.ConvBLSTM(sequence, range(len(sequence)) if at is None else at)
        doublings = (self.upconv1, self.upconv2)[: ZOOMS.index(zoom)]
        return torch.stack(
            [reconstruct(seen, self.recon_trunk, doublings, self.HRconv, self.conv_last) for seen in merged], 1
        )

    def sequence(self, frames: Tensor) -> list[Tensor]:
        """Return features (B, F, Y, X) of 2 N - 1 times: of the frames, and between each two of them."""
        features = self.feature_extraction(rectify(self.conv_first(frames.flatten(0, 1))))
        levels = [level.unflatten(0, frames.shape[:2]).unbind(1) for level in self.pyramid(features)]
        pyramids = [list(pyramid) for pyramid in zip(*levels, strict=True)]
        sequence = [pyramids[0][0]]
        for before, after in pairwise(pyramids):
            sequence += [self.between(before, after), after[0]]
        return sequence


def published_layout() -> Layout:
    """What the published checkpoints hold, whatever the zoom."""
    with torch.device("meta"):
        network = ZoomingSlowMo(Architecture())
    return Layout("zooming-slowmo", asdict(network.architecture), shapes_of(network))
