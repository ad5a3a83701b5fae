"""What a training run leaves behind so that it, or another, can go on: weights, their average, and where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from safetensors.torch import save

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    falls : int
        How often the rate fell because nothing was gained.
    pieces : int
        How often the run was started; each piece draws other data.
    loss : float or None
        Of the latest batches, smoothed; None before the first.
    """

    step: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    stale: int = 0
    falls: int = 0
    pieces: int = 0
    loss: float | None = None


def save_checkpoint(
    path: Path, network: nn.Module, average: nn.Module, progress: Progress, origin: Mapping[str, Any] | None = None
) -> None:
    """Write weights and their average in 16 bits, replacing ``path`` at once or not at all.

    Optimiser moments are left out: a resumed run warms up again within some hundred steps.

    Parameters
    ----------
    path : Path
    network, average : Module
    progress : Progress
    origin : mapping, optional
        The recipe's network and its whole architecture, by which `load_checkpoint` knows its own.
    """
    tensors = {
        f"{part}.{name}": value.to("cpu", torch.float16 if value.is_floating_point() else None).contiguous()
        for part, module in (("now", network), ("average", average))
        for name, value in module.state_dict().items()
    }
    said = {"progress": json.dumps(asdict(progress)), "recipe": json.dumps(dict(origin or {}))}
    part = path.with_suffix(".part")
    part.write_bytes(save(tensors, said))
    part.replace(path)


def load_checkpoint(
    path: Path, network: nn.Module, average: nn.Module, origin: Mapping[str, Any] | None = None
) -> Progress:
    """Read what `save_checkpoint` wrote into both modules.

    Parameters
    ----------
    path : Path
    network, average : Module
        Changed in place.
    origin : mapping, optional
        As in `save_checkpoint`. A checkpoint that says nothing of its recipe is taken if its tensors fit.

    Raises
    ------
    CafiError
        If the file is damaged or belongs to another recipe.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            said = file.metadata()
            progress = Progress(**json.loads(said["progress"]))
            theirs = json.loads(said.get("recipe", "{}"))
    except Exception as error:
        raise CafiError(f"{path} is damaged, or is no checkpoint; remove it, or choose another folder.") from error
    other = CafiError(
        f"{path} cannot go on as a checkpoint of this recipe: it belongs to another; choose another folder."
    )
    if origin and theirs and theirs != origin:
        raise other
    try:
        for part, module in (("now", network), ("average", average)):
            module.load_state_dict(_of(tensors, part))
    except RuntimeError as error:
        raise other from error
    return progress


def progress_of(path: Path) -> Progress:
    """Return how far the run of a checkpoint has come, without loading its weights.

    Raises
    ------
    CafiError
        If the file is damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            return Progress(**json.loads(file.metadata()["progress"]))
    except Exception as error:
        raise CafiError(f"{path} is damaged, or is no checkpoint; remove it, or choose another folder.") from error


def _of(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}
