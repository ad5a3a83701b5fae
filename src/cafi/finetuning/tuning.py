"""One fine-tuning run: from movies and a base model to the best weights found."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelerate import PartialState

from cafi.engine.devices import choose_device
from cafi.finetuning.examination import Examination
from cafi.finetuning.fitting import fit
from cafi.finetuning.keeping import Keeper
from cafi.finetuning.lessons import OwnLessons
from cafi.finetuning.windows import Kind
from cafi.training.checkpoints import Progress, progress_of
from cafi.training.data import RecipeLessons, judged, validation
from cafi.training.loop import train
from cafi.training.piece import CHECKPOINT
from cafi.training.recipes import DataRecipe, Optimisation, Recipe
from cafi.training.simulated import Simulation
from cafi.training.trainees import begin_with, make_trainee

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import torch
    from torch import Tensor

    from cafi.finetuning.fitting import Fit
    from cafi.finetuning.keeping import Best
    from cafi.finetuning.options import FinetuneOptions
    from cafi.finetuning.reels import Reel
    from cafi.interpolators.protocol import Interpolator
    from cafi.interpolators.weights import Card
    from cafi.training.trainees import Trainee

RATE = 2e-4
AVERAGE = 0.99
PATIENCE = 20  # judgements without a gain
WARM_UP = 30  # steps
GENERAL_BATCH, GENERAL_SIDE = 4, 128  # windows, and pixels in their side
MANY_STEPS = 1_000_000  # more than any time allows
LOSSES = {
    "kymo": {"scale": 0.2},
    "zooming-slowmo": {"charbonnier": 0.0, "score": 1.0},
    "dain": {"charbonnier": 0.0, "score": 1.0, "flow": 0.0},
}


@dataclass(frozen=True)
class Base:
    """The model that is adapted.

    Attributes
    ----------
    weights : Path
    card : Card
    interpolator : Interpolator
        With these weights in its ``network``.
    """

    weights: Path
    card: Card
    interpolator: Interpolator


@dataclass(frozen=True)
class Tuned:
    """What a run made.

    Attributes
    ----------
    weights : dict of str to Tensor, or None
        The best; None where the base model is still the best.
    best : Best
    progress : Progress
    recipe : Recipe
    fit : Fit
    main : bool
        Whether this is the main one of several processes; the others made nothing.
    stopped : bool
        By Ctrl-C.
    """

    weights: dict[str, Tensor] | None
    best: Best
    progress: Progress
    recipe: Recipe
    fit: Fit
    main: bool = True
    stopped: bool = False


def tune(
    reels: Sequence[Reel],
    base: Base,
    options: FinetuneOptions,
    folder: Path,
    *,
    on_step: Callable[[Progress], None],
    on_check: Callable[[dict[str, float]], None],
) -> Tuned:
    """Adapt a network to movies, or go on where an earlier run stopped.

    Parameters
    ----------
    reels : sequence of Reel
    base : Base
    options : FinetuneOptions
    folder : Path
        Of work in progress: checkpoint, history, best weights, previews.
    on_step, on_check : callable
        As in `cafi.training.loop.train`.

    Raises
    ------
    CafiError
        If it does not fit into memory, or the loss is no number any more.
    """
    device = choose_device(options.device)
    trainee = trainee_of(base)
    middle = base.interpolator.times == "middle"
    kind = Kind(middle, trainee.multiple, 0, 1)
    fitted = fit(trainee, reels, kind, device, options.memory)
    recipe = _recipe(base, trainee, options, fitted)
    lessons = OwnLessons(
        reels,
        Kind(middle, trainee.multiple, fitted.largest, fitted.batch),
        _examination(reels, base, device, folder / "asked.json"),
        Keeper(folder),
        {name: value.detach().clone() for name, value in trainee.network.state_dict().items()},
        folder / "previews",
        RecipeLessons(recipe, folder) if options.keep_general else None,
    )
    done = progress_of(folder / CHECKPOINT) if (folder / CHECKPOINT).exists() else Progress()
    left = math.inf if options.steps else max(0.0, 60 * options.minutes - done.seconds)
    try:
        train(
            recipe,
            trainee,
            folder,
            folder,
            seconds=left,
            precision=options.precision,
            lessons=lessons,
            cpu=device.type == "cpu",
            on_step=on_step,
            on_check=on_check,
        )
        stopped = False
    except KeyboardInterrupt:
        stopped = True
    keeper, progress = Keeper(folder), progress_of(folder / CHECKPOINT)
    return Tuned(
        keeper.weights(), keeper.best, progress, recipe, fitted, PartialState().is_main_process, stopped=stopped
    )


def trainee_of(base: Base) -> Trainee:
    """Make the network of a base model ready for training, with its weights."""
    trainee = make_trainee(base.card.method, base.card.architecture, _losses(base))
    begin_with(base.weights, base.card.method, trainee)
    return trainee


def _losses(base: Base) -> dict[str, float]:
    """Return what makes a method's loss; reduced networks have that of the published ones."""
    return dict(next(losses for name, losses in LOSSES.items() if base.card.method.startswith(name)))


def _examination(reels: Sequence[Reel], base: Base, device: torch.device, note: Path) -> Examination:
    """Ask as many questions as time allows, and as many again when a run goes on: gains of both are compared."""
    count = json.loads(note.read_text(encoding="utf-8")) if note.exists() else None
    made = Examination(reels, base.interpolator, device, count)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(len(made.questions)), encoding="utf-8")
    return made


def _recipe(base: Base, trainee: Trainee, options: FinetuneOptions, fitted: Fit) -> Recipe:
    side = max(fitted.largest // trainee.multiple, 1) * trainee.multiple
    middle = 1.0 if base.interpolator.times == "middle" else 0.5
    return Recipe(
        network=base.card.method,
        architecture=trainee.architecture,
        data=DataRecipe(side=side, crop=side, middle=middle, reservoir=32),
        optimisation=Optimisation(
            steps=options.steps or MANY_STEPS,
            batch=fitted.batch,
            rate=RATE,
            warm_up=WARM_UP,
            cool_down=0,
            average=AVERAGE,
            validate_every=fitted.judge_every,
            patience=PATIENCE,
        ),
        losses=_losses(base),
        start_from=str(base.weights.resolve()),
        seed=options.seed,
        licence=base.card.licence,
    )


def general_score(base: Base, weights: dict[str, Tensor] | None, device: torch.device) -> float:
    """Return the expected PSNR on held-out simulated movies in dB, to see what was forgotten.

    Parameters
    ----------
    base : Base
    weights : dict of str to Tensor, or None
        Instead of the base model's.
    device : torch.device
    """
    trainee = trainee_of(base)
    if weights is not None:
        trainee.network.load_state_dict(weights)
    middle = 1.0 if base.interpolator.times == "middle" else 0.5
    checks = validation(Simulation(GENERAL_SIDE), GENERAL_BATCH, GENERAL_SIDE, device, middle)
    return judged(trainee, trainee.network.to(device).eval(), checks)["expected_psnr"]
