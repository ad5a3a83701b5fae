"""The one loop that trains every network, on a CPU, a GPU or several."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from cafi.training.interruption import interruptible
from cafi.training.piece import Piece

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from cafi.training.checkpoints import Progress
    from cafi.training.data import Lessons
    from cafi.training.precision import Precision
    from cafi.training.recipes import Recipe
    from cafi.training.trainees import Trainee

SAVE_EVERY = 180  # seconds

Figures = dict[str, float]


def train(
    recipe: Recipe,
    trainee: Trainee,
    folder: Path,
    out: Path,
    *,
    seconds: float = math.inf,
    precision: Precision = "auto",
    tensorboard: bool = False,
    lessons: Lessons | None = None,
    cpu: bool = False,
    on_step: Callable[[Progress], None] = lambda _: None,
    on_check: Callable[[Figures], None] = lambda _: None,
) -> tuple[nn.Module, Progress, Figures]:
    """Train until the recipe's last step, until nothing is gained any more, or until time is up.

    A run whose validation breaks goes back to where it was best, with a lower rate; if again and again, it ends there.

    Parameters
    ----------
    recipe : Recipe
    trainee : Trainee
    folder : Path
        To which the recipe's paths are relative.
    out : Path
        Folder of the checkpoint, from which the run goes on if there is one, and of the history.
    seconds : float
        After which this piece of the run ends.
    precision : 'auto', 'float32' or 'bfloat16'
    tensorboard : bool
        Also write the figures for tensorboard into ``out``.
    lessons : Lessons, optional
        What is learned from; what the recipe says otherwise.
    cpu : bool
        Whether to train on the CPU even where there is an accelerator.
    on_step, on_check : callable
        Given the progress after each step, and the figures of each validation; in the main process alone.

    Returns
    -------
    Module
        With averaged weights.
    Progress
    dict of str to float
        Figures of a last validation; empty in all processes but the main one.

    Raises
    ------
    CafiError
        If checkpoint or first weights belong to another recipe, or the loss is no number any more.
    KeyboardInterrupt
        After Ctrl-C, as soon as the step at work is done and the checkpoint is written.
    """
    piece = Piece(recipe, trainee, folder, out, precision, tensorboard=tensorboard, lessons=lessons, cpu=cpu)
    how, progress = recipe.optimisation, piece.progress
    began = saved = time.monotonic()
    with interruptible() as interrupted:
        try:
            while progress.step < how.steps:
                idle = 0 < how.patience <= progress.stale or piece.soundness.spent
                if piece.any(idle or interrupted() or time.monotonic() - began >= seconds):
                    break
                piece.step()
                if piece.main:
                    on_step(progress)
                if progress.step % how.validate_every == 0:
                    if piece.main:
                        on_check(piece.check())
                    piece.settle()
                if time.monotonic() - saved > SAVE_EVERY:
                    piece.save()
                    saved = time.monotonic()
        finally:  # also when something goes wrong
            piece.save()
        if interrupted():
            raise KeyboardInterrupt
        figures = piece.finish()
        piece.close()
    return piece.average, progress, figures
