"""What a training run leaves behind so that it, or another, can go on: weights, their average, and where it was."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from cafi.errors import CafiError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn


@dataclass
class Progress:
    """How far a run has come.

    Attributes
    ----------
    step : int
    seconds : float
        Of training, over all pieces of the run.
    best : float
        Lowest validation loss so far.
    stale : int
        Validations since.
    pieces : int
        How often the run was started; each piece draws other data.
    """

    step: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    stale: int = 0
    pieces: int = 0


def save_checkpoint(path: Path, network: nn.Module, average: nn.Module, progress: Progress) -> None:
    """Write weights and their average in 16 bits, replacing ``path`` at once or not at all.

    Optimiser moments are left out: a resumed run warms up again within some hundred steps.
    """
    tensors = {
        f"{part}.{name}": value.to(torch.float16)
        for part, module in (("now", network), ("average", average))
        for name, value in module.state_dict().items()
    }
    part = path.with_suffix(".part")
    save_file({n: v.cpu().contiguous() for n, v in tensors.items()}, part, {"progress": json.dumps(asdict(progress))})
    os.replace(part, path)


def load_checkpoint(path: Path, network: nn.Module, average: nn.Module) -> Progress:
    """Read what `save_checkpoint` wrote into both modules.

    Raises
    ------
    CafiError
        If the file is damaged or belongs to another architecture.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            progress = Progress(**json.loads(file.metadata()["progress"]))
        for part, module in (("now", network), ("average", average)):
            module.load_state_dict(_of(tensors, part))
    except Exception as error:
        raise CafiError(
            f"{path} cannot go on as a checkpoint of this recipe ({type(error).__name__}); choose another folder."
        ) from error
    return progress


def _of(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}
