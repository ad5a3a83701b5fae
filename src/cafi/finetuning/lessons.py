"""What a fine-tuned network learns from, and how it is judged: the user's own movies."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from cafi.finetuning.previews import write_preview
from cafi.finetuning.windows import OwnWindows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from cafi.finetuning.examination import Examination
    from cafi.finetuning.keeping import Keeper
    from cafi.finetuning.reels import Reel
    from cafi.finetuning.windows import Kind
    from cafi.training.data import Lessons
    from cafi.training.trainees import Trainee
    from cafi.training.windows import Windows

GENERAL_SHARE = 0.25  # of the batches, where simulation is mixed in
PREVIEW_EVERY = 60.0  # seconds


@dataclass
class OwnLessons:
    """Windows of one's own movies, with simulation mixed in on request, and the examination.

    Attributes
    ----------
    reels : sequence of Reel
    kind : Kind
    examination : Examination
    keeper : Keeper
    start : mapping of str to Tensor
        Weights of the base model.
    previews : Path
        Folder of pictures.
    general : Lessons, optional
        Whose windows are mixed in.
    """

    reels: Sequence[Reel]
    kind: Kind
    examination: Examination
    keeper: Keeper
    start: Mapping[str, Tensor]
    previews: Path
    general: Lessons | None = None
    _pictured: float = 0.0

    def begin(self, device: torch.device, seed: int) -> Iterator[Windows]:
        """Give windows without end."""
        own = OwnWindows(self.reels, self.kind, device, seed)
        return own if self.general is None else _mixed(own, self.general.begin(device, seed), seed)

    def judge(self, trainee: Trainee, network: nn.Module, step: int) -> dict[str, float]:
        """Return the gain over the base model in dB; keep the network if it is the best so far.

        What is judged and kept lies half way between the base model and what was learned.
        """
        del trainee
        kept = halfway(self.start, network)
        gain = self.examination.gain(kept)
        self.keeper.see(kept, gain, step)
        if time.monotonic() - self._pictured > PREVIEW_EVERY:
            write_preview(self.examination, self.previews / f"step_{step:06d}.png")
            self._pictured = time.monotonic()
        return {"loss": -gain, "gain": gain, "best_gain": self.keeper.best.gain}


@torch.no_grad()
def halfway(start: Mapping[str, Tensor], network: nn.Module) -> nn.Module:
    """Return a network whose weights are the mean of two networks'.

    A few frames teach much that does not hold for the next; half of it serves other times and places better
    (Wortsman et al. 2022, WiSE-FT, with alpha = 0.5).

    Parameters
    ----------
    start : mapping of str to Tensor
        Weights of one.
    network : Module
        The other; it stays as it is.
    """
    made = copy.deepcopy(network)
    for name, value in made.state_dict().items():
        if value.is_floating_point():
            value.lerp_(start[name].to(value), 0.5)
    return made


def _mixed(own: Iterator[Windows], general: Iterator[Windows], seed: int) -> Iterator[Windows]:
    random = np.random.default_rng(seed)
    while True:
        yield next(general if random.random() < GENERAL_SHARE else own)
