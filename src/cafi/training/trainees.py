"""Which networks can be trained, and what each of them makes small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from cafi.errors import CafiError
from cafi.interpolators.weights import load_weights
from cafi.training.trainee_dain import DainTrainee
from cafi.training.trainee_kymo import KymoTrainee, guessed
from cafi.training.trainee_zooming_slowmo import ZoomingSlowMoTrainee

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor, nn

    from cafi.training.windows import Windows


class Trainee(Protocol):
    """A network together with what it shall make small.

    Attributes
    ----------
    network : Module
    architecture : dict of str to int
        Every size of the network, also those left to their defaults.
    multiple : int
        Crops must be multiples of it.
    """

    network: nn.Module
    architecture: dict[str, int]
    multiple: int

    def losses(self, network: nn.Module, windows: Windows) -> dict[str, Tensor]:
        """Return the parts of the loss, weighted; their sum is made small. 'score' is the expected log error."""


def make_trainee(
    network: str, architecture: dict[str, int], weights: dict[str, float], seed: int | None = None
) -> Trainee:
    """Make a network for training.

    Parameters
    ----------
    network : str
    architecture : dict of str to int
        Sizes; what is left out keeps its default.
    weights : dict of str to float
        Of the parts of the loss.
    seed : int, optional
        Of the first weights; drawn from torch's state otherwise.

    Raises
    ------
    CafiError
        If there is none of this name, or it has no such size.
    """
    known: dict[str, Callable[[dict[str, int], dict[str, float]], Trainee]] = {
        "kymo": KymoTrainee,
        "zooming-slowmo": ZoomingSlowMoTrainee,
        "zooming-slowmo-small": ZoomingSlowMoTrainee,
        "dain": DainTrainee,
        "dain-small": DainTrainee,
    }
    if network not in known:
        raise CafiError(f"There is no network '{network}' to train; there are {', '.join(known)}.")
    try:
        with torch.random.fork_rng(devices=[], enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(seed)
            return known[network](architecture, weights)
    except TypeError as error:
        raise CafiError(f"{network} has no such architecture: {', '.join(architecture)}.") from error


def prepared(windows: Windows, network: str) -> Windows:
    """Do beforehand what a network would do on the CPU for each window."""
    return guessed(windows) if network == "kymo" else windows


def begin_with(weights: Path, network: str, trainee: Trainee) -> None:
    """Load first weights into a trainee.

    Raises
    ------
    CafiError
        If the file cannot be used, or holds weights of another network or other sizes.
    """
    card, tensors = load_weights(weights, network)
    other = CafiError(f"{weights} holds weights of another architecture than the recipe's; name others.")
    if card.architecture != trainee.architecture:
        raise other
    try:
        trainee.network.load_state_dict(tensors)
    except RuntimeError as error:
        raise other from error
