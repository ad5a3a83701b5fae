"""What the features of a network's training windows are like, by which it later knows data that are unlike them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import torch

from cafi.interpolators.kymo.likeness import Likeness
from cafi.interpolators.kymo.network import Kymo
from cafi.training.data import RecipeLessons
from cafi.training.trainee_kymo import window_of

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from cafi.training.recipes import Recipe

WINDOWS = 800
SEED = 555_555_555  # apart from those of runs and of validation


@torch.no_grad()
def usual_features(network: nn.Module, recipe: Recipe, folder: Path, count: int = WINDOWS) -> dict[str, list[float]]:
    """Look at windows as the recipe makes them.

    Parameters
    ----------
    network : Module
        Trained.
    recipe : Recipe
    folder : Path
        To which the recipe's paths are relative.
    count : int
        Windows to look at.

    Returns
    -------
    dict of str to list of float
        As a model card keeps it, see `Likeness`; empty for networks that tell no features.
    """
    if not isinstance(network, Kymo):
        return {}
    device = next(network.parameters()).device
    windows = RecipeLessons(recipe, folder).begin(device, SEED)
    batches = islice(windows, -(-count // recipe.optimisation.batch))
    features = [network(window_of(batch)).features.mean((2, 3)) for batch in batches]
    return Likeness.fit(torch.cat(features)).as_dict()
