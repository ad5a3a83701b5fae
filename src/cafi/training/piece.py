"""One uninterrupted piece of a training run: everything that a step, a validation and a checkpoint need."""

from __future__ import annotations

import copy
import json
import math
import time
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import is_tensorboard_available, set_seed

from cafi.errors import CafiError
from cafi.movie.writing.progress import make_folder
from cafi.training.checkpoints import Progress, load_checkpoint, save_checkpoint
from cafi.training.data import RecipeLessons
from cafi.training.optimisers import make_optimiser
from cafi.training.precision import mixed_precision
from cafi.training.schedule import move_average, share_of_rate
from cafi.training.soundness import Soundness
from cafi.training.trainees import begin_with

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    from cafi.training.data import Lessons
    from cafi.training.precision import Precision
    from cafi.training.recipes import Recipe
    from cafi.training.trainees import Trainee

SPIKE = 5.0  # times the usual norm: a gradient so large says more of one odd batch than of the network
MEMORY = 0.98  # of what is usual, from step to step
LOST = 20  # steps in a row without a finite loss, after which there is no hope
CHECKPOINT, HISTORY = "checkpoint.safetensors", "history.jsonl"


class Piece:
    """What one process holds while it trains.

    Parameters
    ----------
    recipe : Recipe
    trainee : Trainee
    folder : Path
        To which the recipe's paths are relative.
    out : Path
        Folder of checkpoint and history.
    precision : 'auto', 'float32' or 'bfloat16'
    tensorboard : bool
    lessons : Lessons, optional
        What is learned from; what the recipe says otherwise.
    cpu : bool
        Whether to train on the CPU even where there is an accelerator.
    """

    def __init__(
        self,
        recipe: Recipe,
        trainee: Trainee,
        folder: Path,
        out: Path,
        precision: Precision,
        *,
        tensorboard: bool,
        lessons: Lessons | None = None,
        cpu: bool = False,
    ) -> None:
        how = recipe.optimisation
        self.recipe, self.trainee, self.out = recipe, trainee, out
        self.accelerator = _accelerator(precision, how.accumulate, out, tensorboard=tensorboard, cpu=cpu)
        self.main: bool = self.accelerator.is_main_process
        device = self.accelerator.device
        network = trainee.network.to(device)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(network).requires_grad_(False).eval()
        self.progress = self._begin(network, folder)
        self.lost, self.first, self.usual = 0, self.progress.step, math.inf
        self.soundness = Soundness()
        self.began, self.before = time.monotonic(), self.progress.seconds
        # Every piece and every process sees other data, and the same again if the run is repeated.
        seed = recipe.seed + 1000 * self.progress.pieces + self.accelerator.process_index
        set_seed(seed)
        self.lessons = lessons or RecipeLessons(recipe, folder)
        self.windows = self.lessons.begin(device, seed)
        optimiser = make_optimiser(how, network)
        self.network, self.optimiser = self.accelerator.prepare(network, optimiser)

    def _begin(self, network: nn.Module, folder: Path) -> Progress:
        """Go on from the checkpoint, or from the weights that the recipe names, or from nothing."""
        make_folder(self.out)
        progress = Progress()
        if (self.out / CHECKPOINT).exists():
            progress = load_checkpoint(self.out / CHECKPOINT, network, self.average, self._origin())
        elif self.recipe.start_from:
            begin_with(folder / self.recipe.start_from, self.recipe.network, self.trainee)
            self.average.load_state_dict(network.state_dict())
        progress.pieces += 1
        return progress

    def step(self) -> None:
        """Change the weights once; a step whose gradient is not finite, or far from usual, changes nothing."""
        how, progress = self.recipe.optimisation, self.progress
        rate = how.rate * share_of_rate(how, progress.step, self.first) * how.fall**progress.falls
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        loss, norm = self._gradients()
        finite = math.isfinite(loss) and math.isfinite(norm)
        if usable := finite and norm <= SPIKE * self.usual:
            self.optimiser.step()
        self.optimiser.zero_grad()
        progress.step += 1
        self._count_time()
        self._count_lost(finite)
        if finite:
            self.usual = norm if self.usual == math.inf else self._usual_with(norm)
            progress.loss = loss if progress.loss is None else MEMORY * progress.loss + (1 - MEMORY) * loss
        if usable:
            # Early weights are mostly chance: the average forgets them sooner.
            decay = min(how.average, progress.step / (progress.step + 10))
            move_average(self.average, self.accelerator.unwrap_model(self.network), decay)

    def _count_time(self) -> None:
        self.progress.seconds = self.before + time.monotonic() - self.began

    def _usual_with(self, norm: float) -> float:
        """Move what is usual towards a norm, by no more than a spike, so that a lasting change is followed."""
        return MEMORY * self.usual + (1 - MEMORY) * min(norm, SPIKE * self.usual)

    def _gradients(self) -> tuple[float, float]:
        """Collect gradients and clip them; return the mean loss and the norm, the same in all processes."""
        count = self.recipe.optimisation.accumulate
        losses = []
        for _ in range(count):
            with self.accelerator.accumulate(self.network):
                with self.accelerator.autocast():
                    parts = self.trainee.losses(self.network, next(self.windows))
                    loss = torch.stack(list(parts.values())).sum()
                self.accelerator.backward(loss)
                losses.append(loss.detach())
        norm = self.accelerator.clip_grad_norm_(self.network.parameters(), self.recipe.optimisation.clip)
        mean: Tensor = self.accelerator.reduce(torch.stack(losses).mean(), "mean")
        return float(mean), float(norm)

    def _count_lost(self, usable: bool) -> None:
        self.lost = 0 if usable else self.lost + 1
        if self.lost >= LOST:
            raise CafiError(
                f"The loss was no finite number in {LOST} steps in a row, up to step {self.progress.step}; lower the"
                f" recipe's rate, and go on from the checkpoint in {self.out} or begin anew in another folder."
            )

    def check(self) -> dict[str, float]:
        """Validate the averaged weights, and note the figures for history and early stopping."""
        figures, progress, how = self._judged(), self.progress, self.recipe.optimisation
        progress.stale = 0 if figures["loss"] < progress.best else progress.stale + 1
        progress.best = min(figures["loss"], progress.best)
        if how.plateau and progress.stale and progress.stale % how.plateau == 0:
            progress.falls += 1
        figures |= {"step": progress.step, "seconds": progress.seconds}
        if progress.loss is not None:
            figures["training_loss"] = progress.loss
        with (self.out / HISTORY).open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: round(value, 5) for name, value in figures.items()}) + "\n")
        self.accelerator.log(figures, progress.step)
        return figures

    def settle(self) -> None:
        """Keep a state that validation found better than all before; return to it if the run has broken."""
        networks = [self.accelerator.unwrap_model(self.network), self.average]
        if self.any(self.soundness.broken):
            self.soundness.restore(networks, self.progress)
            self.optimiser.state.clear()
            self.first, self.usual = self.progress.step, math.inf
        elif self.any(self.soundness.better):
            self.soundness.remember(networks, self.progress)

    def finish(self) -> dict[str, float]:
        """Validate a last time; a run that has broken ends as it was when it was best."""
        figures = self._judged()
        if self.any(self.soundness.broken):
            self.settle()
            self.save()
            figures = self._judged()
        return figures

    def _judged(self) -> dict[str, float]:
        """Validate, and note whether the run has broken; empty in all processes but the main one."""
        figures = self.validate() if self.main else {}
        if self.main:
            self.soundness.judge(figures["loss"])
        return figures

    def validate(self) -> dict[str, float]:
        """Judge the averaged weights."""
        return self.lessons.judge(self.trainee, self.average, self.progress.step)

    def any(self, wish: bool) -> bool:
        """Tell whether any process wishes something, so that all do the same and none waits for another for ever."""
        return bool(self.accelerator.reduce(torch.tensor(int(wish), device=self.accelerator.device), "max"))

    def save(self) -> None:
        """Write the checkpoint."""
        self._count_time()
        if self.main:
            network = self.accelerator.unwrap_model(self.network)
            save_checkpoint(self.out / CHECKPOINT, network, self.average, self.progress, self._origin())

    def close(self) -> None:
        """End what was written for tensorboard."""
        for tracker in self.accelerator.trackers:
            tracker.finish()

    def _origin(self) -> dict[str, object]:
        return {"network": self.recipe.network, "architecture": self.trainee.architecture}


def _accelerator(precision: Precision, accumulate: int, out: Path, *, tensorboard: bool, cpu: bool) -> Accelerator:
    if tensorboard and not is_tensorboard_available():
        raise CafiError("tensorboard is not installed; install it, or train without --tensorboard.")
    # accelerate keeps one state for the whole process; a second run may want another precision.
    AcceleratorState._reset_state()
    cpu = cpu or not torch.accelerator.is_available()
    made = Accelerator(
        mixed_precision=mixed_precision(precision, cpu=cpu),
        cpu=cpu,  # without it, several processes on CPUs would not know each other
        gradient_accumulation_steps=accumulate,
        log_with="tensorboard" if tensorboard else None,
        project_dir=out,
    )
    if tensorboard:
        made.init_trackers("tensorboard")
    return made
