"""What changes the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cafi.errors import CafiError

if TYPE_CHECKING:
    from torch import nn

    from cafi.training.recipes import Optimisation


def make_optimiser(how: Optimisation, network: nn.Module) -> torch.optim.Optimizer:
    """Make the optimiser of a recipe; each of its groups knows by which 'factor' its learning rate is multiplied.

    Parameters
    ----------
    how : Optimisation
    network : Module

    Raises
    ------
    CafiError
        If no parameter's name begins as a factor says.
    """
    members: dict[float, list[nn.Parameter]] = {}
    unused = set(how.factors)
    for name, parameter in network.named_parameters():
        part = next((part for part in how.factors if name.startswith(part)), None)
        unused.discard(part or "")
        members.setdefault(1.0 if part is None else how.factors[part], []).append(parameter)
    if unused:
        raise CafiError(f"No parameter of the network is named {min(unused)}...; correct optimisation.factors.")
    groups = [{"params": those, "factor": factor} for factor, those in members.items()]
    kind = torch.optim.Adamax if how.optimiser == "adamax" else torch.optim.AdamW
    return kind(groups, how.rate, weight_decay=how.weight_decay)
