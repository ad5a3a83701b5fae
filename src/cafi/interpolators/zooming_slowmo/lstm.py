"""Bidirectional deformable ConvLSTM: what all other times know about each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from cafi.interpolators.zooming_slowmo.alignment import Aligner
from cafi.interpolators.zooming_slowmo.features import convolution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class Cell(nn.Module):
    """The gates of a convolutional LSTM (Shi et al. 2015, without peepholes)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv = convolution(2 * features, 4 * features)

    def forward(self, seen: Tensor, hidden: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next hidden state and memory; all are (B, F, Y, X)."""
        admit, forget, tell, new = self.conv(torch.cat([seen, hidden], 1)).chunk(4, 1)
        memory = forget.sigmoid() * memory + admit.sigmoid() * new.tanh()
        return tell.sigmoid() * memory.tanh(), memory


class DeformableLstm(nn.Module):
    """Runs along a sequence; hidden state and memory are aligned to each time before it is looked at."""

    def __init__(self, features: int, groups: int) -> None:
        super().__init__()
        self.pcd_h = Aligner(features, groups)
        self.pcd_c = Aligner(features, groups)
        self.cell_list = nn.ModuleList([Cell(features)])

    def forward(self, sequence: Sequence[Tensor]) -> list[Tensor]:
        """Return the hidden state, (B, F, Y, X), at each time of a sequence of features of that shape."""
        hidden = memory = torch.zeros_like(sequence[0])
        states = []
        for seen in sequence:
            hidden, memory = self._aligned(self.pcd_h, seen, hidden), self._aligned(self.pcd_c, seen, memory)
            hidden, memory = self.cell_list[0](seen, hidden, memory)
            states.append(hidden)
        return states

    @staticmethod
    def _aligned(aligner: Aligner, seen: Tensor, state: Tensor) -> Tensor:
        return aligner.between(aligner.pyramid(seen), aligner.pyramid(state))


class BidirectionalLstm(nn.Module):
    """The same weights along the sequence and against it, and both in one feature map again."""

    def __init__(self, features: int, groups: int) -> None:
        super().__init__()
        self.forward_net = DeformableLstm(features, groups)
        self.conv_1x1 = nn.Conv2d(2 * features, features, 1)

    def forward(self, sequence: Sequence[Tensor], at: Sequence[int]) -> list[Tensor]:
        """Return features (B, F, Y, X) at these places of the sequence; steps that none of them needs are left out."""
        first, last = min(at), max(at)
        onwards = self.forward_net(sequence[: last + 1])
        back = self.forward_net(sequence[first:][::-1])[::-1]
        return [self.conv_1x1(torch.cat([onwards[i], back[i - first]], 1)) for i in at]
