"""Whether to believe the coarser level: large motion needs it, fine repetitive texture is misled by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from cafi.interpolators.kymo.blocks import channels_last, convolution, silent
from cafi.layers.averaging import box_mean

if TYPE_CHECKING:
    from torch import Tensor

NARROW, BROAD = 5, 15  # pixels of the level's grid, over which evidence is gathered
BELIEF = -2.0  # the coarser level is believed at first: sigmoid(-2) = 0.12


class Choice(nn.Module):
    """Weigh two hypotheses for every pixel: the motion of the coarser level, and motion near to none.

    The evidence is how alike the frames are under each, close to the pixel and around it.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(convolution(hidden + 4, 16), silent(16, 1))

    def forward(self, held: Tensor, similar: Tensor, memory: Tensor) -> Tensor:
        """Return the share of the second hypothesis, (B, 1, Y, X).

        Parameters
        ----------
        held : Tensor, shape (B, 1, Y, X)
            Similarity after moving along the coarser level's motion.
        similar : Tensor, shape (B, D, Y, X)
            Similarity at every small displacement.
        memory : Tensor, shape (B, hidden, Y, X)
        """
        near = box_mean(similar, NARROW).amax(1, keepdim=True)
        both = torch.cat([box_mean(held, NARROW), near], 1)
        evidence = torch.cat([both, box_mean(both, BROAD)], 1)
        said: Tensor = self.weigh(channels_last([memory, 10 * (evidence - evidence.mean(1, keepdim=True))]))
        return (said.float() + BELIEF).sigmoid()
