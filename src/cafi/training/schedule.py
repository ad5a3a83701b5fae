"""How learning rate and averaging change over a run."""

from __future__ import annotations

from math import cos, pi
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

    from cafi.training.recipes import Optimisation


def share_of_rate(how: Optimisation, step: int, first: int) -> float:
    """Warm up, stay, and cool down at the end (Hu et al. 2024, MiniCPM), so that a run can be prolonged at any time.

    With ``how.cycles``, fall to zero along a half cosine again and again instead.

    Parameters
    ----------
    how : Optimisation
    step : int
        Steps done.
    first : int
        Steps that were done when this piece of the run began.

    Returns
    -------
    float
        In [0, 1].
    """
    warm = (step - first + 1) / max(1, how.warm_up)
    if how.cycles:
        return min(1.0, warm) * (1 + cos(pi * (step * how.cycles / how.steps % 1))) / 2
    cool = (how.steps - step) / max(1, how.cool_down)
    return min(1.0, warm, cool)


@torch.no_grad()
def move_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move every number of ``average`` towards that of ``network``: decay * average + (1 - decay) * network.

    Parameters
    ----------
    average, network : Module
        ``average`` is changed in place.
    decay : float
        In [0, 1).
    """
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)
    for kept, new in zip(average.buffers(), network.buffers(), strict=True):
        # The statistics of batch normalisation belong to the weights.
        if kept.is_floating_point():
            kept.lerp_(new, 1 - decay)
