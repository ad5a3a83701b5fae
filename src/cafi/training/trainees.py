"""Which networks can be trained, and what each of them makes small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from torch import nn

from cafi.errors import CafiError
from cafi.interpolators.kymo.motion import Window
from cafi.interpolators.kymo.network import Architecture, Kymo
from cafi.training.losses import motion_loss, scale_loss, score_loss

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.training.windows import Windows


class Trainee(Protocol):
    """A network together with what it shall make small.

    Attributes
    ----------
    network : Module
    multiple : int
        Crops must be multiples of it.
    """

    network: nn.Module
    multiple: int

    def losses(self, network: nn.Module, windows: Windows) -> dict[str, Tensor]:
        """Return the parts of the loss, weighted; their sum is made small. 'score' is the expected log error."""


class KymoTrainee:
    """Kymo: the expected score, flows that fit the clean frames at every level, and a likely scale."""

    def __init__(self, architecture: dict[str, int], weights: dict[str, float]) -> None:
        self.network: nn.Module = Kymo(Architecture(**architecture))
        self.multiple = 4 * 2 ** (Architecture(**architecture).levels - 1)
        self._motion, self._scale = weights.get("motion", 0.25), weights.get("scale", 0.1)

    def losses(self, network: nn.Module, windows: Windows) -> dict[str, Tensor]:
        """Return score, motion and scale loss."""
        answer = network(Window(windows.frames, windows.times, windows.t, windows.valid))
        steps = [motion_loss(flows, windows.clean, windows.truth, windows.valid) for flows in answer.steps]
        fine = motion_loss(answer.flows, windows.clean, windows.truth, windows.valid)
        return {
            "score": score_loss(answer.mean, windows.truth, windows.variance),
            "motion": self._motion * (sum(steps) / len(steps) + fine),
            "scale": self._scale * scale_loss(answer.mean, answer.scale, windows.measured),
        }


def make_trainee(network: str, architecture: dict[str, int], weights: dict[str, float]) -> Trainee:
    """Make a network for training.

    Raises
    ------
    CafiError
        If there is none of this name, or it has no such size.
    """
    known = {"kymo": KymoTrainee}
    if network not in known:
        raise CafiError(f"There is no network '{network}' to train; there are {', '.join(known)}.")
    try:
        return known[network](architecture, weights)
    except TypeError as error:
        raise CafiError(f"{network} has no such architecture: {', '.join(architecture)}.") from error
