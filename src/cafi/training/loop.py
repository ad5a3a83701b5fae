"""The one loop that trains every network, on a CPU, a GPU or several."""

from __future__ import annotations

import copy
import json
import time
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed

from cafi.training.checkpoints import Progress, load_checkpoint, save_checkpoint
from cafi.training.data import sources, stream, validation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from cafi.training.recipes import Optimisation, Recipe
    from cafi.training.trainees import Trainee
    from cafi.training.windows import Windows

SAVE_EVERY = 180  # seconds
CHECKPOINT, HISTORY = "checkpoint.safetensors", "history.jsonl"


def train(
    recipe: Recipe,
    trainee: Trainee,
    folder: Path,
    out: Path,
    *,
    seconds: float = float("inf"),
    precision: str = "no",
    tell: Callable[[dict[str, float]], None] = lambda _: None,
) -> tuple[nn.Module, Progress]:
    """Train until the recipe's last step, until nothing is gained any more, or until time is up.

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
    precision : 'no' or 'bf16'
    tell : callable
        Given each validation's figures.

    Returns
    -------
    Module
        With averaged weights.
    Progress
    """
    how = recipe.optimisation
    accelerator = Accelerator(
        mixed_precision=precision, gradient_accumulation_steps=how.accumulate, cpu=precision == "cpu"
    )
    network = trainee.network.to(accelerator.device, memory_format=torch.channels_last)
    average = copy.deepcopy(network).requires_grad_(False)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / CHECKPOINT
    progress = load_checkpoint(checkpoint, network, average) if checkpoint.exists() else Progress()
    progress.pieces += 1
    # Every piece and every process sees other data, and the same again if the run is repeated.
    seed = recipe.seed + 1000 * progress.pieces + accelerator.process_index
    set_seed(seed)
    random = torch.Generator(accelerator.device).manual_seed(seed)
    source, held_out = sources(recipe.data, folder, random)
    given = stream(source, how.batch, recipe.data.crop, random)
    checks = validation(held_out, how.batch, recipe.data.crop, accelerator.device)
    optimiser = torch.optim.AdamW(network.parameters(), how.rate, weight_decay=how.weight_decay)
    network, optimiser = accelerator.prepare(network, optimiser)
    first, began, saved, before = progress.step, time.monotonic(), time.monotonic(), progress.seconds

    while progress.step < how.steps and time.monotonic() - began < seconds:
        for group in optimiser.param_groups:
            group["lr"] = how.rate * _share_of_rate(how, progress.step, first)
        for _ in range(how.accumulate):
            with accelerator.accumulate(network), accelerator.autocast():
                parts = trainee.losses(network, next(given))
                accelerator.backward(sum(parts.values()))
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(network.parameters(), how.clip)
                optimiser.step()
                optimiser.zero_grad()
        progress.step += 1
        progress.seconds = before + time.monotonic() - began
        _move_average(
            average, accelerator.unwrap_model(network), min(how.average, progress.step / (progress.step + 10))
        )
        done = progress.step >= how.steps
        if progress.step % how.validate_every == 0 or done:
            figures = _validate(trainee, average, checks) | {"step": progress.step, "seconds": progress.seconds}
            better = figures["loss"] < progress.best
            progress.best, progress.stale = min(figures["loss"], progress.best), 0 if better else progress.stale + 1
            if accelerator.is_main_process:
                _note(out / HISTORY, figures)
                tell(figures)
            done = done or 0 < how.patience <= progress.stale
        if accelerator.is_main_process and (done or time.monotonic() - saved > SAVE_EVERY):
            save_checkpoint(checkpoint, accelerator.unwrap_model(network), average, progress)
            saved = time.monotonic()
        if done:
            break
    if accelerator.is_main_process:
        save_checkpoint(checkpoint, accelerator.unwrap_model(network), average, progress)
    return average, progress


def _share_of_rate(how: Optimisation, step: int, first: int) -> float:
    """Warm up, stay, and cool down at the end (Hu et al. 2024, MiniCPM), so that a run can be prolonged at any time."""
    warm = (step - first + 1) / max(1, how.warm_up)
    cool = (how.steps - step) / max(1, how.cool_down)
    return min(1.0, warm, cool)


@torch.no_grad()
def _move_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)


@torch.no_grad()
def _validate(trainee: Trainee, average: nn.Module, checks: list[Windows]) -> dict[str, float]:
    """Mean of each part of the loss, and of their sum, over the held-out windows."""
    found = [trainee.losses(average, window) for window in checks]
    parts = {name: float(sum(f[name] for f in found)) / len(found) for name in found[0]}
    return parts | {"loss": sum(parts.values())}


def _note(path: Path, figures: dict[str, float]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({name: round(value, 5) for name, value in figures.items()}) + "\n")
