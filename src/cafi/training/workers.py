"""Windows that other processes make on the CPU, so that a GPU need not wait for simulation and optical flow."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing import get_all_start_methods
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from cafi.training.data import RecipeLessons
from cafi.training.trainees import prepared
from cafi.training.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import nn

    from cafi.training.recipes import Recipe
    from cafi.training.trainees import Trainee

APART = 7919  # between the seeds of workers


class Workers:
    """Lessons of a recipe, see `RecipeLessons`, whose windows other processes make.

    Parameters
    ----------
    recipe : Recipe
    folder : Path
        To which the recipe's paths are relative.
    count : int
        Processes, at least 1.
    """

    def __init__(self, recipe: Recipe, folder: Path, count: int) -> None:
        self._recipe, self._folder, self._count = recipe, folder, count
        # This process only judges: one clip in its reservoir is enough.
        self._own = RecipeLessons(_with_reservoir(recipe, 1), folder)

    def begin(self, device: torch.device, seed: int) -> Iterator[Windows]:
        """Give windows without end, on a device."""
        self._own.begin(device, seed)
        loader = DataLoader(
            _Endless(_with_reservoir(self._recipe, self._recipe.data.reservoir // self._count), self._folder, seed),
            batch_size=None,
            num_workers=self._count,
            multiprocessing_context=_start_method(),
            pin_memory=device.type == "cuda",
        )
        return (_on(device, made) for made in loader)

    def judge(self, trainee: Trainee, network: nn.Module, step: int) -> dict[str, float]:
        """Return what `RecipeLessons.judge` does."""
        return self._own.judge(trainee, network, step)


class _Endless(IterableDataset[dict[str, Any]]):
    """Windows as a worker makes them, each as a dict of its parts."""

    def __init__(self, recipe: Recipe, folder: Path, seed: int) -> None:
        self._recipe, self._folder, self._seed = recipe, folder, seed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        torch.set_num_threads(1)
        worker = get_worker_info()
        seed = self._seed + APART * (worker.id if worker else 0)
        for windows in RecipeLessons(self._recipe, self._folder).begin(torch.device("cpu"), seed):
            yield vars(prepared(windows, self._recipe.network))


def _with_reservoir(recipe: Recipe, size: int) -> Recipe:
    return replace(recipe, data=replace(recipe.data, reservoir=max(1, size)))


def _start_method() -> str:
    """How processes begin: never as a fork of this one, which holds threads and perhaps a GPU.

    A spawned process winds its interpreter up when it ends, and now and then aborts over it; one of a server does not.
    """
    return "forkserver" if "forkserver" in get_all_start_methods() else "spawn"


def _on(device: torch.device, made: dict[str, Any]) -> Windows:
    there = {name: value.to(device, non_blocking=True) for name, value in made.items() if value is not None}
    return Windows(**there)
