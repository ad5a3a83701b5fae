"""What a training run says of the weights that it made."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from cafi.interpolators.weights import Card, save_weights

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from cafi.training.checkpoints import Progress
    from cafi.training.recipes import Recipe


def write_result(
    path: Path,
    network: nn.Module,
    architecture: dict[str, int],
    recipe: Recipe,
    progress: Progress,
    figures: dict[str, float],
    usual: dict[str, list[float]] | None = None,
) -> Card:
    """Write averaged weights and their card; a result of an earlier piece of the same run is replaced.

    Parameters
    ----------
    path : Path
        Of the weights; its stem names them.
    network : Module
        With averaged weights.
    architecture : dict of str to int
        Every size of the network, also those that the recipe leaves to their defaults.
    recipe : Recipe
    progress : Progress
    figures : dict of str to float
        Of the last validation.
    usual : dict of str to list of float, optional
        From `cafi.training.usual.usual_features`.

    Returns
    -------
    Card
    """
    card = Card(
        method=recipe.network,
        name=path.stem,
        architecture=architecture,
        training_data=data_in_words(recipe),
        recipe=asdict(recipe),
        seed=recipe.seed,
        steps=progress.step,
        hours=round(progress.seconds / 3600, 2),
        metrics={name: round(value, 4) for name, value in figures.items()},
        usual=usual or {},
        licence=recipe.licence,
    )
    return save_weights(path, network.state_dict(), card, overwrite=True)


def data_in_words(recipe: Recipe) -> str:
    """Say what a recipe learns from."""
    if not recipe.data.recorded or recipe.data.share_recorded == 0:
        return "simulated microscopy"
    share = round(100 * recipe.data.share_recorded)
    recorded = f"{share} % windows of the movies in {recipe.data.recorded}"
    return f"{100 - share} % simulated microscopy, {recorded}" if share < 100 else recorded
