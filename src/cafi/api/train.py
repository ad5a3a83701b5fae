"""Training a network from a recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Trained:
    """What a piece of a training run made.

    Attributes
    ----------
    weights, card : Path
    step, steps : int
        How far the run is, and how far the recipe goes.
    hours : float
        Of training, over all pieces.
    figures : dict of str to float
        On held-out windows: each part of the loss, their sum, and 'expected_psnr' in dB. Empty in all processes
        but the main one.
    """

    weights: Path
    card: Path
    step: int
    steps: int
    hours: float
    figures: dict[str, float]


def train(
    recipe: str | Path,
    out: str | Path,
    *,
    minutes: float | None = None,
    precision: Literal["auto", "float32", "bfloat16"] = "auto",
    tensorboard: bool = False,
    workers: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
    on_check: Callable[[dict[str, float]], None] | None = None,
) -> Trained:
    """Train as a recipe says, or go on with a run that was interrupted.

    Parameters
    ----------
    recipe : str or Path
        TOML file; see ``recipes/kymo.toml``.
    out : str or Path
        Folder of the weights, their card, the checkpoint and the history.
    minutes : float, optional
        After which this piece of the run ends; the next call goes on from its checkpoint.
    precision : 'auto', 'float32' or 'bfloat16'
        'auto' takes bfloat16 where the device computes in it.
    tensorboard : bool
        Also write the figures for tensorboard.
    workers : int
        Processes that make windows on the CPU while a GPU trains; 0: the device that trains makes them.
    on_progress : callable, optional
        Called with the number of steps done and of all steps.
    on_check : callable, optional
        Called with the figures of each validation.

    Returns
    -------
    Trained

    Raises
    ------
    CafiError
        If the recipe is wrong, there is nothing to learn from, or ``out`` belongs to another run.
    KeyboardInterrupt
        After Ctrl-C, once the checkpoint is written; the same call goes on from it.
    """
    from cafi.interpolators.weights import card_path
    from cafi.training.cards import write_result
    from cafi.training.loop import train as run
    from cafi.training.recipes import read_recipe
    from cafi.training.trainees import make_trainee
    from cafi.training.usual import usual_features
    from cafi.training.workers import Workers

    if workers < 0:
        raise CafiError(f"There cannot be {workers} workers; give a number of 0 or more.")
    if minutes is not None and not minutes >= 0:
        raise CafiError(f"Training cannot last {minutes} minutes; give a number of 0 or more.")
    recipe, out = Path(recipe), Path(out)
    described = read_recipe(recipe)
    weights = _target(recipe, out)
    trainee = make_trainee(described.network, described.architecture, described.losses, described.seed)
    if described.data.crop % trainee.multiple:
        raise CafiError(f"{recipe}: data.crop must be a multiple of {trainee.multiple}.")
    steps = described.optimisation.steps
    network, progress, figures = run(
        described,
        trainee,
        recipe.parent,
        out,
        seconds=math.inf if minutes is None else 60 * minutes,
        precision=precision,
        tensorboard=tensorboard,
        lessons=Workers(described, recipe.parent, workers) if workers else None,
        on_step=lambda p: on_progress(p.step, steps) if on_progress else None,
        on_check=on_check or (lambda _: None),
    )
    if figures:  # only the main one of several processes has them
        how = described.optimisation
        finished = progress.step >= steps or 0 < how.patience <= progress.stale
        usual = usual_features(network, described, recipe.parent) if finished else {}
        write_result(weights, network, trainee.architecture, described, progress, figures, usual)
    return Trained(weights, card_path(weights), progress.step, steps, progress.seconds / 3600, figures)


def _target(recipe: Path, out: Path) -> Path:
    """Where the weights go; refuse a folder that holds something else of that name."""
    from cafi.interpolators.weights import card_path
    from cafi.training.piece import CHECKPOINT, HISTORY

    if out.exists() and not out.is_dir():
        raise CafiError(f"{out} is a file; name a folder for the results.")
    weights = out / f"{recipe.stem}.safetensors"
    if weights.name == CHECKPOINT:
        raise CafiError(f"{recipe}: a recipe of this name would overwrite its own checkpoint; rename it.")
    if not (out / CHECKPOINT).exists():
        for path in (weights, card_path(weights), out / HISTORY):
            if path.exists():
                raise CafiError(f"{path} exists already, without a checkpoint to go on from; name another folder.")
    return weights
