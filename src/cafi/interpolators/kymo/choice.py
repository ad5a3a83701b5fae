"""Which of several hypotheses about motion to believe.

Large motion needs the coarser level, fine repetitive texture is misled by it; classical flow is hard to beat where
contrast is good, and lost where noise rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from cafi.interpolators.kymo.blocks import channels_last, convolution, silent
from cafi.layers.averaging import box_mean

if TYPE_CHECKING:
    from torch import Tensor

NARROW, BROAD = 5, 15  # pixels of the level's grid, over which evidence is gathered
BELIEFS = (1.0, 1.0, -2.0)  # at first: the coarser level, the classical guess, next to no motion
SHARPNESS = 4.0  # a mixture of two good hypotheses is a bad one, so shares shall soon be near 0 or 1


class Choice(nn.Module):
    """Shares of hypotheses for every pixel, from how alike the frames are under each, close by and further around."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        kinds = len(BELIEFS)
        self.weigh = nn.Sequential(convolution(hidden + 2 * kinds, 16), silent(16, kinds))
        self.register_buffer("beliefs", torch.tensor(BELIEFS).view(1, -1, 1, 1), persistent=False)

    def forward(self, likeness: Tensor, memory: Tensor) -> Tensor:
        """Return shares that sum to 1, shape (B, 3, Y, X).

        Parameters
        ----------
        likeness : Tensor, shape (B, 3, Y, X)
            Similarity of the frames under each hypothesis.
        memory : Tensor, shape (B, hidden, Y, X)
        """
        evidence = torch.cat([likeness, box_mean(likeness, BROAD)], 1)
        evidence = 10 * (evidence - evidence.mean(1, keepdim=True))
        said = self.weigh(channels_last([memory, evidence])).float().contiguous()
        shares: Tensor = (SHARPNESS * said + self.beliefs).softmax(1)
        return shares
